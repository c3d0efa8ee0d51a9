"""Toolbox: the capabilities over a library, one public method each.

A model reads their docstrings. Search returns evidence, best first, and nothing rather than
something irrelevant. Each package brings a class of capabilities; they are composed here.
"""

import threading
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from tools.embed import (
    ImageEmbedder,
    load_image_embedder,
    resolve_image_embedder,
    resolve_reranker,
)
from tools.export.capabilities import ExportCapabilities
from tools.generate.capabilities import GenerationCapabilities
from tools.generate.proposal import Proposer
from tools.ingest.capabilities import SamplingCapabilities
from tools.library import Library, LibraryCapabilities
from tools.models.device import check_device
from tools.models.providers import Providers
from tools.provenance.capabilities import ProvenanceCapabilities
from tools.search.capabilities import SearchCapabilities
from tools.search.image_search import PictureSearch
from tools.search.objects.by_look import ObjectSearch
from tools.search.text_search import TextSearch
from tools.search.vector_index import ExactIndex
from tools.store.store import Store
from tools.summary.capabilities import SummaryCapabilities
from tools.vision.ocr import TextReader, load_text_reader


class Toolbox(
    SearchCapabilities,
    SamplingCapabilities,
    LibraryCapabilities,
    ProvenanceCapabilities,
    SummaryCapabilities,
    ExportCapabilities,
    GenerationCapabilities,
):
    """Capabilities over one library. Safe to call from many threads.

    The OCR reader is loaded when it is first needed, the image embedder is looked up at every
    search, as models may be pulled or removed. `missing_embedder` says why there is none.
    """

    def __init__(
        self,
        library: Library,
        index: ExactIndex | None = None,
        image_embedder: Callable[[], ImageEmbedder | None] | None = None,
        load_reader: Callable[[], TextReader | None] | None = None,
        *,
        missing_embedder: Callable[[], str] = str,
        threads: int = 0,
        device: str = "auto",
        reranker: str = "auto",
        proposer: Proposer | None = None,
    ) -> None:
        self.library, self.proposer = library, proposer
        self._store: Store = library
        self.signing = library.signing
        self.catalog, self.cameras = library.catalog, library.cameras
        self._resolve = library.evidence
        self.index = index or ExactIndex(library.catalog)
        self.texts = TextSearch(library.catalog, self.index, threads, device, reranker)
        self.pictures = PictureSearch(library, self.index, image_embedder, missing_embedder)
        self.looks = ObjectSearch(
            library, self.index, library.cameras, self.pictures, library.evidence
        )
        self._load_reader = cache(load_reader or (lambda: None))
        self._guard = threading.Lock()

    def tools(self) -> list[Callable[..., Any]]:
        """Every capability, in the order a model should see them."""
        return [
            *self._search_tools(),
            *self._camera_tools(),
            *self._sampling_tools(),
            *self._library_tools(),
            *self._provenance_tools(),
            *self._summary_tools(),
            *self._export_tools(),
            *self._generation_tools(),
        ]


def open_toolbox(
    library: Library,
    providers: Providers,
    index: ExactIndex | None = None,
    proposer: Proposer | None = None,
) -> Toolbox:
    """Open the toolbox of a library; ProviderUnavailable without a model asked for by name.

    Without a proposer nothing can be asked to be made.
    """
    check_device(providers.device)
    threads, device = providers.threads, providers.device
    chosen, home = providers.picture_embedder, library.home
    resolve_image_embedder(chosen, home)  # raises now rather than at a question
    resolve_reranker(providers.reranker, home)

    def embedder() -> ImageEmbedder | None:
        name, _ = resolve_image_embedder(chosen, home)
        return load_image_embedder(name, home, threads, device) if name else None

    return Toolbox(
        library, index, embedder, partial(load_text_reader, providers.text_reader, threads),
        missing_embedder=lambda: resolve_image_embedder(chosen, home)[1],
        threads=threads, device=device, reranker=providers.reranker, proposer=proposer,
    )  # fmt: skip
