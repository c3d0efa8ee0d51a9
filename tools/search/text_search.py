"""Search in what is said and shown: by words, and by meaning where there are vectors."""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from tools.embed import bundled_embedder, load_embedder, load_reranker
from tools.errors import Damaged, ProviderUnavailable
from tools.media import ScreenText, overlaps
from tools.search.corpus import close_stems
from tools.search.vector_index import ExactIndex
from tools.search.video_ranking import question_pairs, question_stems, video_scores, video_traits
from tools.store.evidence import of_caption, of_words
from tools.store.manifest import REPAIR
from tools.text.tokens import content_words, surface_forms

if TYPE_CHECKING:
    from tools.embed import Floats, TextEmbedder
    from tools.media import Evidence, Utterance
    from tools.search.corpus import Corpus
    from tools.search.text_ranking import Weighed
    from tools.store.catalog import Catalog
    from tools.store.catalog_rows import Text
    from tools.store.embeddings import VectorKind

_T = TypeVar("_T")
_log = logging.getLogger(__name__)
VIDEOS, MANY = 4, 10
"""Videos whose moments are ranked for one question, at most; twice as many for so many hits."""
ODDS = 0.03
"""Score of a moment that one of the log odds of its video is worth beside other videos."""
MARGIN = 4.0
"""Log odds below the likeliest video from which on another one is not looked into."""
RARE = 2
"""Videos that hold a word, at most, each of which is looked into."""
CORPORA, JOINED = 24, 2
"""Texts of one video, and of several together, that are held prepared for search."""
QUESTIONS = 16
"""Questions whose vectors are held: a turn asks the same one several times."""
RETRIES = 4
"""Videos whose rows in the catalog are filled again for one question, at most."""
PASSAGES = 64
"""Passages whose nearness in meaning is asked for: of all others it is told that it is less."""
RERANKED = 20
"""Passages of one question that a cross-encoder reads, at most: it takes milliseconds for each."""


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
        reranker: str = "auto",
    ) -> None:
        self._catalog, self._store = catalog, catalog.store
        self._index, self._runs = index or ExactIndex(catalog), (threads, device)
        self._reranker = reranker
        self._told: set[str] = set()
        self._questions: OrderedDict[tuple[str, str], Floats] = OrderedDict()
        self._corpora: OrderedDict[Any, Corpus[Any]] = OrderedDict()
        self._candidates: OrderedDict[Any, dict[str, float]] = OrderedDict()
        self._joined: OrderedDict[Any, tuple[Corpus[Any], Corpus[Any]]] = OrderedDict()
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

    def candidates(
        self, question: str, videos: Sequence[str] | None = None, most: int = VIDEOS
    ) -> dict[str, float]:
        """Videos that a question may be about, of some or of all; the likeliest first.

        Each with its log odds beside the likeliest. All of them, at 0, where they are no more than
        `most`.
        """
        few = [entry.id for entry in self._catalog.entries(most + 1)]
        every = few if videos is None else list(videos)
        if len(every) <= most:
            return dict.fromkeys(every, 0.0)
        key = question, videos and tuple(videos), most, self._catalog.changes()
        return self._held(
            self._candidates, key, QUESTIONS, lambda: self._likeliest(question, videos, every, most)
        )

    def _likeliest(
        self, question: str, videos: Sequence[str] | None, every: list[str], most: int
    ) -> dict[str, float]:
        counts = {word: self._holding(word) for word in question_stems(question)}
        pairs = {pair: self._catalog.holding_phrase(pair) for pair in question_pairs(question)}
        total = sum(self._catalog.coverage().values())
        nearest = self._nearest_videos(question)
        scores = video_scores(video_traits(question, counts, pairs, nearest, total))
        inside = scores.keys() if videos is None else scores.keys() & set(every)
        ranked = sorted(inside, key=lambda video: (-scores[video], video))
        best = scores[ranked[0]] if ranked else 0.0
        likely = [one for one in ranked if best - scores[one] <= MARGIN][:most]
        # A word that hardly any other video holds is no accident, whatever else is alike.
        rare = {video for held in counts.values() if len(held) <= RARE for video in held}
        named = [one for one in ranked if one in rare and one not in likely]
        chosen = [*likely[: max(most - len(named), 1)], *named][:most] or every[:most]
        return {video: scores.get(video, best) - best for video in chosen}

    def _holding(self, word: str) -> dict[str, int]:
        """By video, how often it holds a stem; of a misspelt one, those close to it."""
        kinds = ("speech", "screen", "sound", "title")
        held = self._catalog.holding([word], kinds)[word]
        if held:
            return held
        forms = close_stems(word, self._catalog.vocabulary(word[0]), noisy=False)
        return dict(sum(map(Counter, self._catalog.holding(forms, kinds).values()), Counter[str]()))

    def _nearest_videos(self, question: str) -> list[tuple[str, float]]:
        """Videos of the coarse passages nearest to a question, with their cosines."""
        provider = next(iter(self._catalog.providers("passages")), "")
        if not provider or (embedder := self._load(provider)) is None:
            return []
        asked = self._question(embedder, question)
        found = self._index.nearest_in_library("passages", provider, asked, PASSAGES)
        return [(one.video, one.cosine) for one in found]

    def corpus(self, video: str, kind: str) -> Corpus[Any]:
        """What is said (`speech`) or shown (`screen`) in a video, prepared for search."""
        from tools.search.corpus import Corpus

        def make() -> Corpus[Any]:
            items, stemmed = self._catalog.texts(video, kind)
            return Corpus(items, noisy=kind == "screen", stemmed=stemmed)

        return self._held(self._corpora, (video, kind, self._catalog.version(video)), CORPORA, make)

    def corpora(self, videos: Sequence[str]) -> tuple[Corpus[Utterance], Corpus[ScreenText]]:
        """Speech and on-screen text of some videos together, prepared for search."""
        from tools.search.corpus import Corpus

        def joined(kind: str) -> Corpus[Any]:
            parts = [self.corpus(video, kind) for video in videos]
            if len(parts) == 1:
                return parts[0]
            items = [one for part in parts for one in part.items]
            stemmed = [text for part in parts for text in part.told]
            return Corpus(items, noisy=kind == "screen", stemmed=stemmed)

        versions = tuple((video, self._catalog.version(video)) for video in videos)
        return self._held(
            self._joined, versions, JOINED, lambda: (joined("speech"), joined("screen"))
        )

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
            return self.mentions([query], videos, start, end, limit, (kind,), 1.0)

        def find() -> list[Evidence]:
            within = {"start": start or 0.0, "end": float("inf") if end is None else end}
            likely = self.candidates(query, videos, VIDEOS * (1 + (limit >= MANY)))
            hits = self._hits(kind, query, likely, limit, **within)
            return [self._evidence(kind, one, score) for one, score in hits]

        return self._checked(find)

    def _hits(
        self, kind: str, query: str, videos: Mapping[str, float], limit: int, **within: float
    ) -> list[tuple[Text, float]]:
        """Texts of some videos that fit a query, with scores, best first.

        A score is of its video alone; in their order the log odds of the videos count, too.
        """
        from tools.search.text_ranking import search

        hits: list[tuple[Text, float]] = []
        for video in videos:
            corpus = self.corpus(video, kind)
            if corpus.items:
                cosines, read = self._meant(corpus, query)
                hits += search(query, corpus, cosines, read=read, limit=limit, **within)
        return sorted(hits, key=lambda hit: -hit[1] - ODDS * videos[hit[0].video])[:limit]

    def mentions(
        self,
        words: Sequence[str],
        videos: Sequence[str] | None,
        start: float | None,
        end: float | None,
        limit: int,
        kinds: Sequence[str] = ("speech", "screen", "sound"),
        score: float = 0.0,
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
            made = [(self._evidence(kind, one, score), times) for one, kind, times in hits[:limit]]
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
                    self._joined.clear()
        raise Damaged(f"the catalog differs from the files: run `{REPAIR}`")

    def _evidence(self, kind: str, one: Text, score: float) -> Evidence:
        """Evidence of a text, which stands in the files, too."""
        words = {"speech": self._store.utterances, "sound": self._store.captioned_sounds}
        if one not in words.get(kind, self._store.screen_text)(one.video):
            raise _Differs(one.video)
        if kind == "sound" and not isinstance(one, ScreenText):
            return of_caption(self._store, one, score)
        return of_words(self._store, one, score)

    def weighed(self, corpus: Corpus[Any], question: str) -> Weighed | None:
        """What a question says of each text; None where it asks nothing."""
        from tools.search.text_ranking import weigh

        cosines, read = self._meant(corpus, question)
        return weigh(question, corpus, cosines, read=read)

    def rerank(self, question: str, evidence: Sequence[Evidence]) -> list[float]:
        """Scores of the first RERANKED pieces of evidence, in their order, by a cross-encoder.

        Higher is better; only scores of one question are compared. Empty without such a model.
        """
        try:
            model = load_reranker(self._reranker, self._store.home, *self._runs)
            texts = [one.text for one in evidence[:RERANKED]]
            return model.scores(question, texts) if model else []
        except ProviderUnavailable as error:
            self._tell_once("reranker", f"passages are not read with the question: {error}")
            return []

    def _meant(self, corpus: Corpus[Any], question: str) -> tuple[dict[str, float], bool]:
        """Cosines of the nearest passages or on-screen texts; whether a model has read them."""
        kind: VectorKind = "screen" if corpus.noisy else "passages"
        cosines: dict[str, float] = {}
        read: set[bool] = set()
        for video in dict.fromkeys(one.video for one in corpus.items):
            provider = self._store.vector_provider(video)
            if not provider or (embedder := self._load(provider)) is None:
                continue  # it is compared word by word
            read.add(embedder.contextual)
            with suppress(ValueError):  # vectors of another model of this name
                asked = self._question(embedder, question)
                cosines |= dict(self._index.nearest(video, kind, asked, PASSAGES))
        return cosines, read == {True} and not corpus.noisy

    def _load(self, name: str) -> TextEmbedder | None:
        try:
            return load_embedder(name, self._store.home, *self._runs)
        except ProviderUnavailable as error:
            self._tell_once(name, f"text vectors are left aside: {error}")
            return None

    def _tell_once(self, name: str, what: str) -> None:
        if name not in self._told:
            self._told.add(name)
            _log.warning("%s", what)

    def _question(self, embedder: TextEmbedder, question: str) -> Floats:
        def embed() -> Floats:
            return embedder.questions([question])[0]

        return self._held(self._questions, (embedder.name, question), QUESTIONS, embed)

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
