"""A toolbox with the models that the settings name, each loaded when it is first needed."""

from functools import partial
from typing import TYPE_CHECKING

from tools.library import Library
from tools.providers import Providers
from tools.toolbox import Toolbox

if TYPE_CHECKING:
    from tools.index import VectorIndex


def equip(library: Library, providers: Providers, index: "VectorIndex | None" = None) -> Toolbox:
    """The capabilities over a library; what sees and what reads is resolved as for an index.

    ProviderUnavailable where a model that was asked for by name is not there.
    """
    from tools.embed import image_embedder_named, load_image_embedder
    from tools.ocr import load_text_reader

    name, blind = image_embedder_named(providers.picture_embedder, library.home)
    sees = partial(load_image_embedder, name, library.home, providers.threads) if name else None
    reads = partial(load_text_reader, providers.text_reader, providers.threads)
    return Toolbox(library, index, sees, reads, blind=blind, threads=providers.threads)
