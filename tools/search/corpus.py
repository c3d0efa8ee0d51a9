"""Texts prepared for search: their stems, what they hold of a question, and what is around them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from rapidfuzz import process
from rapidfuzz.distance import Indel

from tools.media import ScreenText, Utterance, speaker_of
from tools.search.word_vectors import Lexicon
from tools.text.tokens import (
    content_stems,
    is_character,
    stem,
    stems,
    surface_forms,
    without_stop_words,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DECAY_SECONDS, DECAY_SHARE, AHEAD = 10.0, 1 / 20, 2
"""Seconds, and at most which share of its video, after which a word counts 1/e: what is named is
explained after it. Before it is said a word fades so many times faster."""
REACH, FEW = 4.0, 64
"""Over how many of these it counts at all, and over how many texts at most."""
EXACT, MISSPELT = (1.0, 0.5), 0.7
"""How far a text holds a word: as it is or inside others on screen; in a form close to it."""

SHORT = 5
"""Letters of a stem, at least, that may be spelt otherwise."""
_ALIKE = str.maketrans("015i8", "olslb")  # what text recognition takes for one another
Words = TypeVar("Words", Utterance, ScreenText)


class Corpus(Generic[Words]):
    """Texts prepared for search: make it once, ask it often, from any thread.

    `noisy` texts are those on screen: letters may be misread and spaces lost, and each stands for
    itself. `stemmed` gives the stems of each text, also of stop words, where they are stored.
    """

    def __init__(
        self,
        items: Iterable[Words],
        *,
        noisy: bool = False,
        stemmed: Iterable[Sequence[str]] | None = None,
    ) -> None:
        given = list(items)
        if stemmed is None:
            found = [stems(one.text) for one in given]
        else:
            found = [without_stop_words(text) for text in stemmed]
        order = sorted(range(len(given)), key=lambda at: place_of(given[at]))
        self.items = [given[at] for at in order]
        self.told = [found[at] for at in order]
        """Stems of the texts alone; `stems` has those of who speaks, too, which is asked for."""
        speakers = [speaker_of(one) for one in self.items]
        named = {speaker: stems(speaker) for speaker in {*speakers}}
        self.stems = [
            [*text, *named[speaker]] for text, speaker in zip(self.told, speakers, strict=True)
        ]
        self.noisy = noisy
        self._holders: dict[str, list[int]] = {}
        for place, text in enumerate(self.stems):
            for word in dict.fromkeys(text):
                self._holders.setdefault(word, []).append(place)
        self._near: dict[str, list[str]] = {}

    @cached_property
    def _texts(self) -> list[list[str]]:
        return [surface_forms(one.text) for one in self.items]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Words of the texts as they stand, without accents."""
        return frozenset(form for text in self._texts for form in text)

    @cached_property
    def _raw(self) -> list[str]:
        return [" ".join(text) for text in self._texts] if self.noisy else []

    @cached_property
    def lexicon(self) -> Lexicon | None:
        """The words by meaning; none for on-screen text, where many are misread."""
        return None if self.noisy else Lexicon(self._texts)

    @cached_property
    def _decays(self) -> list[Floats]:
        """What a word counts one text on, two on, and so on; empty where texts stand alone."""
        import numpy as np

        if self.noisy or not self.items:
            return []
        times: list[Floats] = []
        for number, (_, group) in enumerate(groupby(self.items, key=lambda one: one.video)):
            spans = np.array([(one.start, one.end) for one in group])
            seconds = min(DECAY_SECONDS, float(np.ptp(spans)) * DECAY_SHARE)
            # In units of the decay, and videos far apart.
            times.append(spans.mean(axis=1) / max(seconds, 1e-3) + 1e9 * number)
        middles = np.concatenate(times)
        found: list[Floats] = []
        for step in range(1, min(FEW, len(middles))):
            away = np.abs(middles[step:] - middles[:-step])
            if away.min() > REACH:
                break
            found.append(np.where(away <= REACH, np.exp(-np.minimum(away, REACH)), 0.0))
        return found

    def forms(self, word: str) -> list[str]:
        """The stems in these texts that stand for a word: its own, else those close to it."""
        own = stem(word)
        if own in self._holders and not is_character(own):
            return [own]
        if own not in self._near:
            self._near[own] = close_stems(own, self._holders, self.noisy)
        return self._near[own]

    def holds(self, word: str) -> Floats:
        """How far each text holds a word: 1 as it is or in another form, less if misspelt."""
        import numpy as np

        whole, within = EXACT
        row = np.zeros(len(self.items))
        for form in self.forms(word):
            row[self._holders[form]] = whole if form == stem(word) else MISSPELT
        for place, raw in enumerate(self._raw):
            if row[place] == 0 and inside(word, raw):
                row[place] = within
        return row

    def counts(self, word: str) -> Floats:
        """How often each text holds a word; what is not spelt so counts less."""
        row, forms = self.holds(word), set(self.forms(word))
        for place in self._places(forms):
            row[place] *= sum(form in forms for form in self.stems[place])
        return row

    def spread(self, rows: Floats, join: Callable[..., Any] | None = None) -> Floats:
        """By row, what is in each text and around it, decayed and summed, or joined by a ufunc."""
        import numpy as np

        join, around = join or np.add, rows.copy()
        for step, decay in enumerate(self._decays, 1):
            join(around[..., step:], rows[..., :-step] * decay, out=around[..., step:])
            ahead = rows[..., step:] * decay**AHEAD
            join(around[..., :-step], ahead, out=around[..., :-step])
        return around

    def pairs(self, question: str) -> Floats:
        """A row for each pair of neighbouring words of a question: 1 where a text holds it.

        Words without content are left out, there and here.
        """
        import numpy as np

        asked = [self.forms(word) for word in surface_forms(question) if content_stems([word])]
        rows: list[Floats] = []
        for one, other in pairwise(asked):
            row = np.zeros(len(self.items))
            first, second = set(one), set(other)
            for place in self._places(one) & self._places(other):
                text = self.stems[place]
                row[place] = any(a in first and b in second for a, b in pairwise(text))
            rows.append(row)
        return np.array(rows).reshape(len(rows), len(self.items))

    def _places(self, forms: Iterable[str]) -> set[int]:
        return {place for form in forms for place in self._holders[form]}


def place_of(one: Utterance | ScreenText) -> tuple[str, float, float]:
    """What texts are ordered by."""
    return one.video, one.start, one.end


def close_stems(word: str, others: Iterable[str], noisy: bool) -> list[str]:
    """Stems that are spellings or forms of a word's, misread ones, or that hold a character."""
    if is_character(word):
        return [one for one in others if word in one]
    if len(word) < SHORT:
        return []
    near = [one for one in others if len(one) >= SHORT and abs(len(word) - len(one)) <= 3]
    plain = {one: _legible(one) if noisy else one for one in near}
    word, alike = (_legible(word), 0.82) if noisy else (word, 0.86)
    found = process.extract(
        word, plain, scorer=Indel.normalized_similarity, score_cutoff=alike, limit=None
    )
    same = {one for _, _, one in found if noisy or one[0] == word[0]}
    return [one for one, text in plain.items() if one in same or _is_form(word, text)]


def _legible(word: str) -> str:
    """A stem with letters that text recognition takes for one another made equal."""
    return word.translate(_ALIKE).replace("rn", "m")


def _is_form(word: str, other: str) -> bool:
    """Whether one stem begins with the other; "hurri" is "hurry"."""
    shorter, longer = sorted((word, other), key=len)
    return longer.startswith(shorter) and not shorter.endswith("i")


def inside(word: str, text: str) -> bool:
    """Whether a word is in a text whose spaces may be lost or wrong; short ones are everywhere."""
    if len(word) >= 7 and word in text.replace(" ", ""):
        return True
    if len(word) >= 5 and (f" {word}" in f" {text}" or f"{word} " in f"{text} "):
        return True
    return len(word) >= 4 and any(word in one for one in text.split() if len(one) >= 12)
