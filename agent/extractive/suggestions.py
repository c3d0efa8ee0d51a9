"""Suggested questions: in the words of a video, and each answered by what is in it.

They are made of its names, its repeated words and its speakers, and each is asked before it is
suggested. Answers here belong to no conversation.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agent.extractive.answers import answer
from agent.extractive.reply import Found, Reply
from agent.extractive.turn import Turn
from tools.errors import VideoError
from tools.media import Evidence, Utterance
from tools.summary.chapters import headings
from tools.text.tokens import STOP_WORDS, asked_words, stem, surface_forms

if TYPE_CHECKING:
    from tools.toolbox import Toolbox

MOST_ASKED = 9
"""Questions that are tried, at most."""
NAMES, PHRASES, SHOWN = 6, 4, 3
"""Candidates of a kind, at most."""
LEAST, LONGEST = 4, 40
"""Characters of a subject."""
_NAME = re.compile(r"(?<=[\w,;] )[A-Z][\w'-]+(?: [A-Z][\w'-]+)*")
"""Words with a capital inside a sentence."""
_PHRASE = re.compile(
    r"\b(?:the|our|my|his|her|their|this|der|die|das|den|dem) ([^\W\d_]+)(?: ([^\W\d_]+))?", re.I
)
"""What follows a determiner: a noun, or two, more often than not."""
_GERMAN = {
    "said": "Was wird über {} gesagt?", "often": "Wie oft wird {} erwähnt?",
    "speaker": "Was sagt {}?", "shown": 'Wann steht "{}" auf dem Bildschirm?',
}  # fmt: skip
_ENGLISH = {
    "said": "What is said about {}?", "often": "How often is {} mentioned?",
    "speaker": "What does {} say?", "shown": 'When is "{}" on screen?',
}  # fmt: skip
_OF_PICTURES = ("What happens in this video?", "When does something move?", "List the scenes.")
"""Questions about a video without words."""


def reply_to(toolbox: "Toolbox", question: str, video: str) -> Reply:
    """The reply by rule to one question about one video, outside of any conversation."""
    steps = answer(Turn(toolbox, question, (video,), (), (), {}))
    capabilities = {one.__name__: one for one in toolbox.tools()}
    count = 0
    try:
        calls = next(steps)
        while True:
            found: list[list[Found]] = []
            for name, arguments in calls:
                results: Sequence[Any] = capabilities[name](**arguments)
                evidence = [one for one in results if isinstance(one, Evidence)]
                found.append([Found(f"e{count + n}", one) for n, one in enumerate(evidence, 1)])
                count += len(evidence)
            calls = steps.send(found)
    except StopIteration as stop:
        return stop.value


def suggestions(toolbox: "Toolbox", video: str, most: int = 3) -> list[str]:
    """Questions about a video that are answered, the most telling first."""
    chosen: list[str] = []
    stems: set[str] = set()
    for tried, (question, subject) in enumerate(_candidates(toolbox, video)):
        if len(chosen) >= most or tried >= MOST_ASKED:
            break
        words = {stem(word) for word in surface_forms(subject)}
        if words & stems:
            continue
        try:
            reply = reply_to(toolbox, question, video)
        except VideoError:  # what is not indexed yet answers nothing
            continue
        if reply.found:
            chosen.append(question)
            stems |= words
    return chosen


def _candidates(toolbox: "Toolbox", video: str) -> Iterator[tuple[str, str]]:
    """Questions and what each is about; those of different kinds take turns."""
    library = toolbox.library
    spoken = [one for one in library.utterances(video) if one.source != "draft"]
    german = Counter(one.language for one in spoken).most_common(1)[:1] == [("de", len(spoken))]
    words = _GERMAN if german else _ENGLISH
    names, phrases = _names(spoken), _phrases(spoken)
    speakers = dict.fromkeys(one.speaker for one in spoken if one.speaker)
    named = [name for name in speakers if name and not re.search(r"\d", name)]
    shown = headings(library.screen_text(video), library.get(video).duration)
    kinds = [
        [("often", one) for one in phrases],
        [("said", one) for one in names],
        [("speaker", one) for one in named],
        [("shown", one.text) for one in shown if _fits(one.text) and '"' not in one.text][:SHOWN],
    ]
    asked: set[str] = set()
    for place in range(max(map(len, kinds))):
        for kind in kinds:
            if place < len(kind):
                name, subject = kind[place]
                if (question := words[name].format(subject)) not in asked:
                    asked.add(question)
                    yield question, subject
    if not spoken:
        yield from ((question, question) for question in _OF_PICTURES)


def _names(spoken: Sequence[Utterance]) -> list[str]:
    """Names that are said, the most frequent first."""
    found = Counter(name for one in spoken for name in _NAME.findall(one.text))
    kept = [name for name, _ in found.most_common() if _fits(name)]
    return kept[:NAMES]


def _phrases(spoken: Sequence[Utterance]) -> list[str]:
    """Nouns that are said more than once, two words before one."""
    pairs: Counter[str] = Counter()
    nouns: Counter[str] = Counter()
    for match in (match for one in spoken for match in _PHRASE.finditer(one.text)):
        first, second = match[1], match[2]
        if _asks(first):
            nouns[first] += 1
            if second and _asks(second):
                pairs[f"{first} {second}"] += 1
    twice = [one for found in (pairs, nouns) for one, count in found.most_common() if count > 1]
    return [one if one[0].isupper() else f"the {one}" for one in twice if _fits(one)][:PHRASES]


def _asks(word: str) -> bool:
    """True of a word that a question could ask for."""
    return word.lower() not in STOP_WORDS and bool(asked_words(word)[0])


def _fits(subject: str) -> bool:
    return LEAST <= len(subject) <= LONGEST and bool(asked_words(subject)[0])
