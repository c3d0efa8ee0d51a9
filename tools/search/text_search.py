"""Search in what is said and shown: by words, and by meaning where there are vectors."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

from tools.embed import Vectors, bundled_embedder, load_embedder
from tools.embed.passages import ABOUT
from tools.errors import Damaged, ProviderUnavailable
from tools.media import overlaps
from tools.search.vector_index import ExactIndex, rank
from tools.store.evidence import of_words
from tools.store.manifest import REPAIR
from tools.text.tokens import content_words, stem, surface_forms

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tools.embed import Floats, TextEmbedder
    from tools.embed.passages import Nearness
    from tools.media import Evidence, ScreenText, Utterance
    from tools.search.text_ranking import Corpus
    from tools.store.catalog import Catalog
    from tools.store.catalog_rows import Text

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
VIDEOS = 4
"""Videos that are ranked for one question, at most."""
CORPORA = 32
"""Sets of texts that are held prepared for search."""
QUESTIONS = 16
"""Questions whose vectors are held: a turn asks the same one several times."""
RETRIES = 4
"""Videos whose rows in the catalog are filled again for one question, at most."""
PASSAGES = 64
"""Passages whose nearness in meaning is asked for: of all others it is told that it is less."""
NEIGHBOURS = 4096
"""Texts of a video whose nearness in meaning is asked for: all, but in the longest videos."""


class _Differs(Exception):
    """A row of the catalog that is not what the files of its video say."""


class TextSearch:
    """Words of one library. Safe for many threads.

    The catalog says which videos a question may be about, and only these are ranked, each by its
    own statistics. What is found is read from the files before it becomes evidence.
    """

    def __init__(
        self,
        catalog: Catalog,
        index: ExactIndex | None = None,
        threads: int = 0,
        device: str = "auto",
    ) -> None:
        self._catalog, self._store = catalog, catalog.store
        self._index, self._runs = index, (threads, device)
        self._told: set[str] = set()
        self._questions: OrderedDict[tuple[str, str], Floats] = OrderedDict()
        self._corpora: OrderedDict[Any, Corpus[Any]] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def embedder(self) -> TextEmbedder:
        """What made the text vectors of this library, where it is there; else the package's own."""
        provider = next(iter(self._catalog.providers("passages")), "")
        return (self._load(provider) if provider else None) or bundled_embedder()

    def unread(self) -> str:
        """Why texts are compared by their words only; empty where they are not."""
        for name in self._catalog.providers("passages"):
            try:
                load_embedder(name, self._store.home, *self._runs)
            except ProviderUnavailable as error:
                return f"what is said is compared word by word only, as {error}"
        return ""

    def candidates(self, question: str, videos: Sequence[str] | None = None) -> list[str]:
        """Videos that a question may be about, of some or of all; the likeliest first.

        All of them where they are few.
        """
        every = (
            [entry.id for entry in self._catalog.entries(VIDEOS + 1)] if videos is None else videos
        )
        if len(every) <= VIDEOS:
            return list(every)
        words = {stem(word) for word in content_words(question)}
        held = self._catalog.holding(words, ("speech", "screen"))
        total = max(sum(self._catalog.coverage().values()), 1)
        scores: dict[str, float] = {}
        for counts in held.values():
            rarity = math.log(1 + (total - len(counts) + 0.5) / (len(counts) + 0.5))
            for video, count in counts.items():
                scores[video] = scores.get(video, 0.0) + rarity * count / (count + 1)
        inside = scores.keys() if videos is None else scores.keys() & set(videos)
        best = sorted(inside, key=lambda video: (-scores[video], video))
        return [*best, *(video for video in every if video not in scores)][:VIDEOS]

    def corpus(self, video: str, kind: str) -> Corpus[Any]:
        """What is said (`speech`) or shown (`screen`) in a video, prepared for search."""
        from tools.search.text_ranking import Corpus

        key = video, kind, self._catalog.version(video)
        items = lambda: self._catalog.texts(video, kind)  # noqa: E731
        return self._held(
            self._corpora, key, CORPORA, lambda: Corpus(items(), noisy=kind == "screen")
        )

    def corpora(self, videos: Sequence[str]) -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
        """Speech and on-screen text of some videos together, prepared for search."""
        from tools.search.text_ranking import Corpus

        if len(videos) == 1:
            return self.corpus(videos[0], "speech"), self.corpus(videos[0], "screen")
        key = tuple((video, self._catalog.version(video)) for video in videos)

        def prepare(kind: str) -> Corpus[Any]:
            items = [one for video in videos for one in self._catalog.texts(video, kind)]
            return self._held(
                self._corpora, (kind, key), CORPORA, lambda: Corpus(items, noisy=kind == "screen")
            )

        return prepare("speech"), prepare("screen")

    def found(
        self,
        kind: str,
        query: str,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        """What fits a query in words and meaning, best first, of some videos or of all."""
        if not content_words(query):  # "How are you?" is found as it stands, or not at all
            return self.mentions([query], videos, start, end, limit, kinds=(kind,))
        return self._checked(lambda: self._found(kind, query, videos, start, end, limit))

    def _found(
        self,
        kind: str,
        query: str,
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
    ) -> list[Evidence]:
        from tools.search.text_ranking import search

        within = {"start": start or 0.0, "end": float("inf") if end is None else end}
        hits: list[tuple[Any, float]] = []
        for video in self.candidates(query, videos):
            corpus = self.corpus(video, kind)
            if corpus.items:
                cosines, read = self._meant(corpus, query)
                hits += search(query, corpus, cosines, read=read, limit=limit, **within)
        hits.sort(key=lambda hit: -hit[1])
        return [self._evidence(kind, one, score) for one, score in hits[:limit]]

    def mentions(
        self,
        words: Sequence[str],
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
        kinds: Sequence[str] = ("speech", "screen"),
    ) -> list[Evidence]:
        """Texts that hold all of some words or phrases, by video and time.

        `facts["times"]` says how often one holds the first of them. A phrase may begin in one
        utterance and end in the next; then the first counts.
        """

        def find() -> list[Evidence]:
            hits = [
                (one, kind, times)
                for one, kind, times in self._matching(words, videos, kinds)
                if overlaps(one.start, one.end, start, end)
            ]
            hits.sort(key=lambda hit: (hit[0].video, hit[0].start, hit[0].end))
            made = [(self._evidence(kind, one, 1.0), times) for one, kind, times in hits[:limit]]
            return [replace(one, facts={**one.facts, "times": times}) for one, times in made]

        return self._checked(find)

    def _matching(
        self, words: Sequence[str], videos: Sequence[str] | None, kinds: Sequence[str]
    ) -> Iterator[tuple[Text, str, int]]:
        """Texts that hold all of some phrases, with their kind, and how often the first of them."""
        from tools.search.text_ranking import occurrences

        phrases = [phrase for phrase in map(surface_forms, words) if phrase]
        longest = max(phrases, key=lambda phrase: len("".join(phrase)), default=list[str]())
        for kind in kinds if phrases else ():
            likely = self._catalog.matching(longest, kind, videos)
            for one, forms, own in likely:
                times = [occurrences(phrase, one, forms, own) for phrase in phrases]
                if all(times):
                    yield one, kind, times[0]

    def _checked(self, find: Callable[[], list[Evidence]]) -> list[Evidence]:
        """Find evidence, again where the catalog differed from the files and was filled anew."""
        for _ in range(RETRIES):
            try:
                return find()
            except _Differs as error:
                self._catalog.refill(str(error))
                with self._guard:
                    self._corpora.clear()
        raise Damaged(f"the catalog differs from the files: run `{REPAIR}`")

    def _evidence(self, kind: str, one: Text, score: float) -> Evidence:
        """Evidence of a text, which stands in the files, too."""
        words = self._store.utterances if kind == "speech" else self._store.screen_text
        if one not in words(one.video):
            raise _Differs(one.video)
        return of_words(self._store, one, score)

    def weights(self, corpus: Corpus[Utterance], question: str) -> NDArray[np.float64]:
        """How well the surroundings of each text answer a question: see Weighed.fused."""
        import numpy as np

        from tools.search.text_ranking import weigh

        cosines, read = self._meant(corpus, question)
        weighed = weigh(question, corpus, cosines, read=read)
        return weighed.fused if weighed else np.zeros(len(corpus.items))

    def _meant(self, corpus: Corpus[Any], question: str) -> tuple[dict[str, float], bool]:
        """Cosines of the nearest passages or on-screen texts; whether a model has read them."""
        videos = {one.video for one in corpus.items}
        if corpus.noisy:
            return self._cosines(question, videos), False
        if any(self._vectors(video) is not self._store.vectors(video) for video in videos):
            return {}, False  # numbers are alike as words: what is read is compared as it stands
        near = self.nearness(corpus.items, question)
        passages = near.around[ABOUT].tolist()
        found = sorted(zip(passages, (one.id for one in corpus.items), strict=True), reverse=True)
        return {id: cosine for cosine, id in found[:PASSAGES]}, bool(near.reader)

    def nearness(self, said: Sequence[Utterance], question: str) -> Nearness:
        """How near a question is to cues, which come by video, and what is said around them."""
        import numpy as np

        from tools.embed import passages

        found: list[NDArray[np.float64]] = []
        readers: set[str] = set()
        for video, group in groupby(said, key=lambda one: one.video):
            cues = list(group)
            (stored, asked), read = self._asked(video, question), self._store.passages(video)
            rows = np.zeros((len(cues), len(asked)), np.float32)
            known = {id: place for place, id in enumerate(stored.ids)}
            places = np.array([known.get(one.id, -1) for one in cues])
            rows[places >= 0] = stored.array[places[places >= 0]]
            ours = read if read and read.provider == stored.provider else None
            if ours and ours.array.shape[1:] == asked.shape:
                readers.add(ours.provider)
                around = passages.read(ours, cues, asked)
            else:
                readers.add("")
                around = passages.means(cues, rows, asked)
            found.append(np.vstack([(rows @ asked).astype(np.float64), around]))
        near = np.hstack(found)
        return passages.Nearness(near[0], near[1:], readers.pop() if len(readers) == 1 else "")

    def _load(self, name: str) -> TextEmbedder | None:
        try:
            return load_embedder(name, self._store.home, *self._runs)
        except ProviderUnavailable as error:
            if name not in self._told:
                self._told.add(name)
                _log.warning("text vectors are left aside: %s", error)
            return None

    def _vectors(self, video: str) -> Vectors:
        """Those that are stored; of the words alone where none are, or their model is another."""
        stored = self._store.vectors(video)
        embedder = self._load(stored.provider) if stored else None
        if stored and embedder and stored.array.shape[1:] == (embedder.dimensions,):
            return stored

        def make() -> Vectors:
            embedder, said = bundled_embedder(), self._store.utterances(video)
            rows = embedder.texts([one.text for one in said])
            return Vectors([one.id for one in said], rows, embedder.name)

        return self._store.cached(video, "words' vectors", make)

    def _asked(self, video: str, question: str) -> tuple[Vectors, Floats]:
        """The vectors of a video, and the question as they can be compared with it."""
        vectors = self._vectors(video)

        def ask() -> Floats:
            embedder = self._load(vectors.provider) or bundled_embedder()
            return embedder.questions([question])[0]

        key = vectors.provider, question
        return vectors, self._held(self._questions, key, QUESTIONS, ask)

    def _held(self, store: OrderedDict[Any, _T], key: Any, most: int, make: Callable[[], _T]) -> _T:
        """Get or make an entry of an LRU cache of at most `most` entries."""
        with self._guard:
            if key in store:
                store.move_to_end(key)
                return store[key]
        made = make()
        with self._guard:
            store[key] = made
            while len(store) > most:
                store.popitem(last=False)
        return made

    def _cosines(self, query: str, videos: set[str]) -> dict[str, float]:
        """How near in meaning each text is, by evidence id; none where no vectors are stored."""
        found: dict[str, float] = {}
        for video in videos:
            vectors, asked = self._asked(video, query)
            if vectors is not self._store.vectors(video):
                continue  # numbers are alike as words: what is read is compared as it stands
            found |= dict(rank(vectors, asked, NEIGHBOURS))
        return found
