"""Answers from long talks: the passage that a question is about, as one quotation.

People ask about a long talk in their own words, and an answer often stands in the sentences after
those that share words with the question. So each cue is weighed by how near it and what is said
around it are to the question, by the words of the question around it, and by whether it holds the
kind of thing asked for: a conditional logit model (McFadden 1974) whose choices are the cues.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from agent.extractive.answer_type import adds_kind, holds_number, sought
from agent.extractive.quote import Found, Groups, Reply, sentence
from agent.extractive.reference import Referring
from agent.extractive.relevance import Relevance, names
from tools.embed.passages import ABOUT
from tools.evidence import passage_id
from tools.search.text_ranking import standardised
from tools.text.tokens import stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed.passages import Nearness

    Floats = NDArray[np.float64]

WEIGHTS = {
    "": (0.6, 1.34, 0.22, 0.61, 0.16, -0.14, -0.09),
    "minilm": (0.75, 1.27, -0.19, 0.65, 0.26, -0.22, -0.15),
    "e5-small": (0.65, 1.31, 0.1, 0.5, 0.54, 0.18, -0.07),
}
"""What each of the traits of a cue says, by the model that has read the passages; the first where
they are means of cues. `python -m benchmarks.passages` fits them."""
PRESENT = {
    "": (15.76, -4.3, -3.75),
    "minilm": (21.91, -4.31, -6.13),
    "e5-small": (23.04, -4.36, -4.06),
}
"""Whether a talk has what is asked for, from the same fit: what it says that the nearest passage is
nearer than a usual one, and that a share of the words never occurs, and where the line is."""
ELSEWHERE = 30.0
"""Seconds from which on a passage is another one."""
QUOTED_SECONDS = 10.0
"""How long a quoted passage is at most."""
PAUSE = 2.0
"""A longer pause, in seconds, ends a passage."""
TALKS = 3
"""How many videos are looked into, those of the best hits."""
_TWO = re.compile(r"\band (?:\w+ )?(?:how|what|when|where|which|who|why)\b")
"""Two things are asked for, and one sentence hardly says both."""
LINES = 3
ENOUGH_SHOWN, ENOUGH_LOST = 0.4, 0.6
"""Share of a question's weight in a line on screen that answers it: the other where one of its
words never occurs."""
OFTEN, LASTING = 2, 180.0
"""A line that is on screen more often or longer, in seconds, is a heading of them all."""


@dataclass(frozen=True)
class Talks:
    """What is said in some videos, as a question sees it."""

    question: str
    words: tuple[str, ...]
    relevance: Relevance
    videos: tuple[str, ...]

    @cached_property
    def cues(self) -> list[Any]:
        """What is said, in order."""
        return [one for one in self.relevance.corpora[0].items if one.video in self.videos]

    @cached_property
    def _middles(self) -> "Floats":
        """A time for each cue; those of another video lie far away."""
        import numpy as np

        far = {video: 1e6 * place for place, video in enumerate(sorted(self.videos))}
        return np.array([(one.start + one.end) / 2 + far[one.video] for one in self.cues])

    @cached_property
    def nearness(self) -> "Nearness":
        """How near in meaning the cues are, and what is said around them."""
        return self.relevance.toolbox.texts.nearness(self.cues, self.question)

    @cached_property
    def kinds(self) -> "Floats":
        """1 where a cue holds the kind of thing asked for, -1 where not, 0 where none is."""
        import numpy as np

        held = [adds_kind(self.question, one.text) for one in self.cues]
        return np.array([0.0 if one is None else 1.0 if one else -1.0 for one in held])

    def traits(self) -> "Floats":
        """One row per cue: what WEIGHTS weigh."""
        import numpy as np

        own = np.array([one.video in self.videos for one in self.relevance.corpora[0].items], bool)
        numbers = np.array([holds_number(self.question, one.text) for one in self.cues], float)
        texts, (speech, _) = self.relevance.toolbox.texts, self.relevance.corpora
        searched = texts.weights(speech, self.question)[own]
        near = [standardised(row) for row in (self.nearness.own, *self.nearness.around)]
        return np.stack([searched, self.kinds, numbers, *near], axis=1)

    def presence(self) -> tuple[float, float]:
        """How much nearer the nearest passage is than a usual one elsewhere, as the difference of
        their cosines, and the share of the words that never occur."""
        import numpy as np

        lost = set(self.relevance.missing(self.words))
        weights = {word: self.relevance.weight(word) for word in self.words}
        share = sum(weights[word] for word in lost) / (sum(weights.values()) or 1.0)
        near = self.nearness.around[ABOUT]
        best = int(near.argmax())
        elsewhere = near[np.abs(self._middles - self._middles[best]) > ELSEWHERE]
        usual = np.median(elsewhere) if elsewhere.size else 0.0
        return float(near[best] - usual), share

    def best(self) -> tuple[int, bool]:
        """The likeliest cue, and whether the talk has at all what is asked for."""
        import numpy as np

        reader = self.nearness.reader
        chances = self.traits() @ np.array(WEIGHTS[reader])
        chances = np.exp(chances - chances.max())
        chances[1:-1] += (chances[:-2] + chances[2:]) / 2
        nearer, lost = self.presence()
        weighs = PRESENT[reader]
        there = weighs[0] * nearer + weighs[1] * lost + weighs[2] > 0
        there = there and not self.relevance.missing(names(self.question))
        return int(chances.argmax()), there

    def span(self, cue: int) -> list[Any]:
        """The cues that one quotation holds: a sentence from its beginning, and what follows it.

        Nothing follows where the cue itself holds the kind of thing asked for, and nothing else is.
        """
        cues, first, last = self.cues, cue, cue
        exact = self.kinds[cue] > 0 and not _TWO.search(self.question.lower())

        def joined(earlier: int, later: int) -> bool:
            one, other = cues[earlier], cues[later]
            return one.video == other.video and other.start - one.end < PAUSE

        while (
            first > 0
            and cues[first - 1].text.rstrip()[-1:] not in ".!?"
            and joined(first - 1, first)
            and cues[last].end - cues[first - 1].start <= QUOTED_SECONDS
        ):
            first -= 1
        while (
            last + 1 < len(cues)
            and not (exact and cues[last].text.rstrip()[-1:] in ".!?")
            and joined(last, last + 1)
            and cues[last + 1].end - cues[first].start <= QUOTED_SECONDS
        ):
            last += 1
        return cues[first : last + 1]


def passage(asked: Referring, groups: Groups, relevance: Relevance) -> Reply | None:
    """The best passage as one quotation, or the line on screen, if it holds what is asked for."""
    spoken, read = groups.get("said", ()), list(groups.get("shown", ()))
    shown = _line(asked, read, relevance)
    videos = tuple(dict.fromkeys(found.one.video for found in spoken))[:TALKS]
    talks = Talks(asked.plan.question, tuple(sought(asked.plan)), relevance, videos)
    if not talks.cues:
        return shown
    cue, there = talks.best()
    told = talks.span(cue)
    lacks = adds_kind(asked.plan.question, " ".join(one.text for one in told)) is False
    if not there or lacks:
        return shown
    quoted = passage_id(told)
    for found in (one for group in groups.values() for one in group):
        if found.one.id == quoted:
            return Reply((sentence(found),))
    return Reply(wants=(told[0].video, told[0].start, max(one.end for one in told)), joined=True)


def _line(asked: Referring, read: list[Found], relevance: Relevance) -> Reply | None:
    words = sought(asked.plan)
    enough = ENOUGH_LOST if relevance.missing(words) else ENOUGH_SHOWN
    question = asked.plan.question
    for found in read[:LINES]:
        one = found.one
        heading = relevance.shown(one.text) > OFTEN or one.end - one.start > LASTING
        more = set(stems(one.text)) - set(stems(question)) and adds_kind(question, one.text)
        if more and not heading and relevance.share(words, one) >= enough:
            return Reply((sentence(found),))
    return None
