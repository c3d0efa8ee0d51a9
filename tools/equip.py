"""A toolbox with the models that the settings name, each loaded when it is first needed."""

from functools import partial
from typing import TYPE_CHECKING

from tools.library import Library
from tools.models.device import check
from tools.models.providers import Providers
from tools.toolbox import Toolbox

if TYPE_CHECKING:
    from tools.embed import ImageEmbedder
    from tools.search.vector_index import VectorIndex


def equip(library: Library, providers: Providers, index: "VectorIndex | None" = None) -> Toolbox:
    """The capabilities over a library; what sees and what reads is resolved as for an index.

    What sees is resolved at every question: a model may be pulled or removed meanwhile.
    ProviderUnavailable where one that was asked for by name is not there.
    """
    from tools.embed import image_embedder_named, load_image_embedder
    from tools.vision.ocr import load_text_reader

    check(providers.device)
    chosen, home = providers.picture_embedder, library.home
    image_embedder_named(chosen, home)  # what is missing is told now, not by a question

    def sees() -> "ImageEmbedder | None":
        name, _ = image_embedder_named(chosen, home)
        if name is None:
            return None
        return load_image_embedder(name, home, providers.threads, providers.device)

    def blind() -> str:
        return image_embedder_named(chosen, home)[1]

    reads = partial(load_text_reader, providers.text_reader, providers.threads)
    return Toolbox(
        library, index, sees, reads,
        blind=blind, threads=providers.threads, device=providers.device,
    )  # fmt: skip
