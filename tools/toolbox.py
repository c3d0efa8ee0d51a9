"""What a model, a person or a program may do with a library: one public method each.

The docstrings are what a model reads. Search returns evidence, best first, and nothing rather than
something irrelevant. A capability comes with its package: one class each, composed here.
"""

import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from tools.ingest.capabilities import SamplingCapabilities
from tools.library import Library, LibraryCapabilities
from tools.models.device import check_device
from tools.models.providers import Providers
from tools.search.capabilities import SearchCapabilities
from tools.search.image_search import PictureSearch
from tools.search.text_search import TextSearch
from tools.store.store import Store
from tools.summary.capabilities import SummaryCapabilities

if TYPE_CHECKING:
    from tools.embed import ImageEmbedder
    from tools.search.vector_index import VectorIndex
    from tools.vision.ocr import TextReader


class Toolbox(SearchCapabilities, SamplingCapabilities, LibraryCapabilities, SummaryCapabilities):
    """The capabilities over one library. Safe to call from many threads."""

    def __init__(
        self,
        library: Library,
        index: "VectorIndex | None" = None,
        sees: "Callable[[], ImageEmbedder | None] | None" = None,
        reads: "Callable[[], TextReader | None] | None" = None,
        *,
        blind: Callable[[], str] = str,
        threads: int = 0,
        device: str = "auto",
    ) -> None:
        self.library = library
        self._store: Store = library
        self._resolve = library.evidence
        self._texts = TextSearch(library, index, threads, device)
        self._pictures = PictureSearch(library, sees, blind)
        self._reads = reads  # makes what reads text on screen, when it is first needed
        self._reader = None
        self._guard = threading.Lock()

    def tools(self) -> list[Callable[..., Any]]:
        """Every capability, in the order a model should see them."""
        return [
            *self._search_tools(),
            *self._sampling_tools(),
            *self._library_tools(),
            *self._summary_tools(),
        ]


def open_toolbox(
    library: Library, providers: Providers, index: "VectorIndex | None" = None
) -> Toolbox:
    """The capabilities over a library; what sees and what reads is resolved as for an index.

    What sees is resolved at every question: a model may be pulled or removed meanwhile.
    ProviderUnavailable where one that was asked for by name is not there.
    """
    from tools.embed import load_image_embedder, resolve_image_embedder
    from tools.vision.ocr import load_text_reader

    check_device(providers.device)
    chosen, home = providers.picture_embedder, library.home
    resolve_image_embedder(chosen, home)  # what is missing is told now, not by a question

    def sees() -> "ImageEmbedder | None":
        name, _ = resolve_image_embedder(chosen, home)
        if name is None:
            return None
        return load_image_embedder(name, home, providers.threads, providers.device)

    def blind() -> str:
        return resolve_image_embedder(chosen, home)[1]

    reads = partial(load_text_reader, providers.text_reader, providers.threads)
    return Toolbox(
        library, index, sees, reads,
        blind=blind, threads=providers.threads, device=providers.device,
    )  # fmt: skip
