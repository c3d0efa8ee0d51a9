"""Words that people ask with rather than for: that one of them never occurs says little.

"Does the screen suddenly flash?" is about a flash; that nobody says "suddenly" is no reason to
answer "not found". Left out on purpose: nouns for things that can be seen or heard, and verbs that
say what is asked for, as in "who painted it?".
"""

LITTLE = 0.25
"""How much of its weight such a word has where it never occurs."""

_LIGHT_VERBS = """
appear become begin bring come continue do end get give go happen have held hold keep let make mean
meant occur pop put see seem show start stay take tell try turn use want
"""
_QUALITIES = """
able actual additional amazing annoying apparent available average awful awkward bad basic beautiful
best better big biggest bold boring brief bright broad busy calm careful certain cheap clean clear
clever close cold common complete correct crazy current cute dark dead deep different difficult
direct distant double dry dull early easy empty enormous entire equal exact exciting extra fair
familiar famous fancy far fast favourite favorite few final fine firm flat foreign free fresh full
fun funny general gentle giant good gorgeous grand great greatest half happy hard heavy hectic high
huge important impressive incredible individual interesting large largest late latest left less
likely little lively local lone long loose loud lovely low main major massive maximum mere middle
mighty mild minimum minor modern most much narrow nasty natural near neat necessary new next nice
noisy normal obvious odd official old oldest only open opposite original other overall own
particular past peaceful perfect personal plain pleasant poor popular positive possible precise
present pretty previous primary private proper public pure quick quiet random rapid rare raw ready
real recent regular relevant remote rich right rough round sad safe same scary separate serious
several severe sharp short shy sick silent silly similar simple single slight slow small smooth soft
solid special specific spooky square steady steep straight strange strict strong sudden super sure
sweet tall terrible thick thin tight tiny total tough true typical unusual upper urgent useful usual
vague various vast visible warm weak weird wet whole wide wild wonderful worse worst wrong young
youngest
"""
_HOW = """
about above across afterwards again ago ahead almost alone along already also altogether always
anyhow anymore anyway apart around aside away back backwards barely basically beforehand behind
below beneath beside besides between beyond bottom centre center constantly corner daily definitely
down easily edge either else elsewhere especially eventually everywhere forward frequently front
fully gradually hence here however immediately indeed inside instead just later literally lower
maybe nearby never nothing nowadays nowhere occasionally off often once onto otherwise outside over
perhaps possibly probably quite rather seldom side simply somehow sometimes somewhat somewhere soon
still straightaway supposedly then there therefore together tomorrow tonight top towards twice
ultimately under underneath unfortunately unless very well whenever wherever while yet
"""
_ASKING = """
answer ask aspect bit board bunch case chance chunk content course credit deal detail difference
effect example explanation fact feature form guess guy idea info information instance instant issue
item kind lot manner matter meaning mention method mode moment name note number occasion option
order overview part phase piece place point portion position problem purpose question reason result
scenery section segment sense shape sort spot stage state step stretch stuff style thing time title
topic type version way word nobody somebody anybody everybody someone anyone everyone
"""
_MIND = """
advise agree allow believe bother compare consider decide depend expect feel help hope imagine
include intend involve know learn manage need notice plan prefer provide recall recommend refer
relate remember remind require suggest suppose think understand wish wonder
"""
_WHO = """
audience author crew expert folk guest herself himself host human instructor interviewer itself lady
lecturer moderator myself narrator ourselves people person presenter professor reporter speaker
teacher themselves viewer yourself
"""
_LINKS = """
according although despite due except none per though whatever whether whichever without
"""
_COMMON = frozenset(f"{_LIGHT_VERBS} {_QUALITIES} {_HOW} {_ASKING} {_MIND} {_WHO} {_LINKS}".split())
_ENDINGS = ("ing", "ed", "es", "s", "ly", "er", "d")


def is_phrasing(word: str) -> bool:
    """Whether a lower-case word, in any form, is one that questions are made of."""
    if word in _COMMON:
        return True
    for ending in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1:
            doubled = stem[:-1] if stem[-1:] == stem[-2:-1] else stem
            if _COMMON.intersection((stem, stem + "e", doubled)):
                return True
    return False
