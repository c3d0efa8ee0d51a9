"""A toolbox with the models that the settings name, each loaded when it is first needed."""

from functools import partial
from typing import TYPE_CHECKING

from tools.library import Library
from tools.providers import Providers
from tools.toolbox import Toolbox

if TYPE_CHECKING:
    from tools.embed import ImageEmbedder
    from tools.index import VectorIndex


def equip(library: Library, providers: Providers, index: "VectorIndex | None" = None) -> Toolbox:
    """The capabilities over a library; what sees and what reads is resolved as for an index."""
    from tools.ocr import load_text_reader

    sees = partial(_eyes, library, providers)
    return Toolbox(library, index, sees, partial(load_text_reader, providers.text_reader))


def _eyes(library: Library, providers: Providers) -> "ImageEmbedder | None":
    from tools.embed import image_embedder_named, load_image_embedder

    name, _ = image_embedder_named(providers.picture_embedder, library.home)
    return load_image_embedder(name, library.home, providers.threads) if name else None
