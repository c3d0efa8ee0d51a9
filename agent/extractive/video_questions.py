"""What is asked about the video itself, by its words: its length, its cuts, the gist of it.

A word means the same in any order and company, so the words are looked up one by one and what
matters is which of them are there, and that nothing else is.
"""

import re
from dataclasses import dataclass
from typing import Literal

from tools.summary.digest import About
from tools.text.clean import word_set

Pick = Literal["", "all", "cuts", "longest", "shortest", "first", "last"]

_INFORMAL = {
    "whats": "what's", "whens": "when's", "wheres": "where's", "whos": "who's", "theres": "there's",
    "thats": "that's", "heres": "here's", "dont": "don't", "doesnt": "doesn't", "didnt": "didn't",
    "isnt": "isn't", "arent": "aren't", "wasnt": "wasn't", "cant": "can't", "wont": "won't",
    "hasnt": "hasn't", "havent": "haven't", "couldnt": "couldn't", "im": "i'm", "ive": "i've",
    "pls": "please", "plz": "please", "vid": "video", "vids": "videos", "pic": "picture",
    "pics": "pictures", "u": "you", "ur": "your", "sth": "something", "bout": "about",
    "til": "until", "thru": "through", "gimme": "give me", "wanna": "want to", "w/o": "without",
}  # fmt: skip

_MEANINGS = {
    "video": "video videos clip clips film movie footage recording file reel",
    "cut": "cut cuts scene scenes shot shots transition transitions",
    "chapter": "chapter chapters",
    "highlight": "highlight highlights key exciting memorable",
    "event": "event events",
    "size": "resolution dimensions pixels pixel width height wide aspect ratio",
    "codec": "codec codecs format encoded encoding container",
    "sound": "sound audio silent soundless soundtrack mute muted",
    "recorded": "recorded filmed created made taken",
    "date": "date day year",
    "colour": "colour colours color colors",
    "overall": "overall dominant main predominant prevailing mostly mainly dominating",
    "gist": "summarise summarize summarised summarized summary summaries sum summing overview gist "
    "recap tldr synopsis outline points topics essence",
    "other": "duration length runtime long fps framerate rate frames about list show name give "
    "every each all which tell number amount many count",  # not idle: "how high is the rate?"
    "subtitles": "subtitle subtitles captions",
    "when": "when where time times moment moments point timestamp timestamps second seconds",
    "longest": "longest",
    "shortest": "shortest",
    "first": "first",
    "last": "last final",
}
_PARTS: dict[str, About] = {
    "chapter": "chapters",
    "highlight": "highlights",
    "event": "events",
}
_CONCEPT = {word: name for name, words in _MEANINGS.items() for word in words.split()}
_IDLE = word_set("""
    a an the this that it its these those one ones thing in on of at to from for by with and or so
    if is are was were be been being does do did has have had having got get gets can could would
    will what what's whats how how's there there's i i'd me we us you your my please hi hello hey ok
    okay thanks thank whole entire complete full total altogether any some somewhere anywhere ever
    exactly roughly approximately just only no not go goes going happen happens happening
    lasts lasting run runs take takes up few short shortly brief briefly
    quick quickly version sentence sentences words word content contents
    separate individual it's one's mean often
    different hard between change changes changing single continuous track described describe
    everything know want need watch watching use uses using
    running frame tl dr
    said spoken written shown seen visible readable read see say says heard hear text start starts
    begin begins end ends beginning ending displayed occur occurs
    size big large high stream per kind type sort which's find look make contain
    contains contained consist consists right also too really""")


@dataclass(frozen=True)
class Concepts:
    """Which concepts a question names, and the words in it that are none."""

    named: frozenset[str]
    rest: tuple[str, ...]

    def has(self, *names: str) -> bool:
        """Whether one of these is named."""
        return bool(self.named.intersection(names))


def informal(text: str) -> str:
    """Lower-case text with the short forms of chats written out."""
    return re.sub(r"[a-z/]+", lambda match: _INFORMAL.get(match[0], match[0]), text)


_CHANGE = re.compile(
    r"\b(?:picture|image|view|camera|scene|shot|background|colou?r)s? (?:does |do )?"
    r"chang(?:e|es|ed|ing)\b(?: (?:its )?colou?rs?\b)?|\b(?:one|single|long|continuous) take\b|"
    r"\bchang(?:e|es|ed|ing) (?:its |of )?(?:colou?r|scene|shot|picture)s?\b"
)


_THIS_VIDEO = re.compile(
    r"\b(this|that|the) (?:\w+ )?(?:video|clip|film|movie|ad|advert|recording|footage|trailer)\b"
)


def concepts(text: str) -> Concepts:
    """Look up the words of a lower-case question; a change of the picture is a cut."""
    text = _THIS_VIDEO.sub(r"\1 video", _CHANGE.sub(" cut ", text))
    words = re.findall(r"[a-z0-9][a-z0-9'-]*", text)
    named = frozenset(_CONCEPT[word] for word in words if word in _CONCEPT)
    return Concepts(named, tuple(w for w in words if w not in _CONCEPT and w not in _IDLE))


_CALLED = re.compile(
    r"\b(?:video|film|clip|movie|recording|file)(?:'s)? (?:called|titled|named|name)\b|"
    r"\bname of (?:the|this) (?:video|film|clip|movie|recording|file)\b"
)


def asks_facts(text: str, found: Concepts) -> bool:
    """Whether facts of the file answer: how long, how many scenes, which codec, any sound."""
    if _CALLED.search(text) and set(found.rest) <= {"called", "titled", "named"}:
        return True
    if set(found.rest) - {"picture", "pictures", "image"} or found.has("longest", "shortest"):
        return False
    if found.rest:  # of the picture only its size is a fact
        return found.has("size")
    if re.search(r"\bhow long\b|\b(?:duration|length|runtime|running)\b", text):
        return not found.has("cut")
    if re.search(r"\bhow many (?:seconds|minutes|hours)\b", text):
        return found.has("video")
    if re.search(r"\bwhen (?:was|were) (?:it|this|(?:the|this) \w+) shot\b", text):
        return True
    if found.has("cut"):
        counted = re.search(
            r"\bhow (?:many|often)\b|\bnumber of\b|\bcount\b|^(?:is|are|does|has|do|was)\b", text
        )
        return bool(counted) and not found.has("when")
    if found.has("recorded") or (found.has("video") and found.has("date")):
        return found.has("date") or bool(re.search(r"\bwhen\b", text))
    if found.has("colour"):
        return found.has("overall") and not found.has("when")
    if re.search(r"\b(?:how|what) (?:size|big|large|high)\b|\bsize\b", text):
        return found.has("video") or len(found.named) == 0
    if found.has("subtitles"):
        return bool(re.search(r"\b(?:has|have|is there|are there|got|come with|contain)\b", text))
    return found.has("size", "codec", "sound") or bool(re.search(r"\bfps|frame ?rate\b", text))


def about(question: str) -> About:
    """Which of what a video is in short a question is about."""
    found = concepts(informal(question.lower()))
    for name, part in _PARTS.items():
        if found.has(name):
            return part
    return "overview"


def asks_gist(text: str, found: Concepts) -> bool:
    """Whether the whole is to be told in short, or its chapters, events or highlights."""
    if found.rest or found.has("cut", "colour", "sound"):
        return False
    if found.has("gist", *_PARTS) or re.search(r"\bin short\b|\btl;?dr\b|\bdescribe\b", text):
        return True
    about = re.search(r"\bwhat(?:'s| is| was| were)?\b.*\babout\b", text)
    told = re.search(r"\bwhat (?:happens|is happening|happened|goes on|is going on)\b", text)
    return bool(about or (told and (found.has("video") or not text[told.end() :].strip(" ?"))))


def asks_scenes(text: str, found: Concepts) -> Pick:
    """Which scenes or cuts are asked for; none for a question about anything else."""
    if not found.has("cut") or found.rest or found.has("sound", "gist"):
        return ""
    for pick in ("longest", "shortest"):
        if found.has(pick):
            return pick
    if re.search(r"\b(?:cuts?|transitions?)\b", text) or _CHANGE.search(text):
        return "last" if found.has("last") else "first" if found.has("first") else "cuts"
    return "all"
