"""Pictures sent by a user: recognised by their first bytes, decoded in the sandbox, made small."""

import tempfile
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tools.errors import RefusedRequest, UnreadableMedia
from tools.sandbox import Child

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
STILL = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1")
"""Brands of MP4-like files that hold a still picture: AVIF, and HEIC of telephones."""
BYTES, PIXELS = 20_000_000, 50_000_000
"""Bytes and pixels of a picture, at most."""
SIDE = 1024
"""Pixels of the longer side of the small copy."""


def is_picture(path: Path) -> bool:
    """True if a file begins like a JPEG, PNG, WebP, AVIF or HEIC."""
    with path.open("rb") as file:
        head = file.read(12)
    webp = head.startswith(b"RIFF") and head.endswith(b"WEBP")
    boxed = head[4:8] == b"ftyp" and head[8:] in STILL
    return webp or boxed or head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))


def small_jpeg(path: Path) -> bytes:
    """Convert a picture to a small upright JPEG.

    RefusedRequest if it is too large, UnreadableMedia if it cannot be decoded.
    """
    if path.stat().st_size > BYTES:
        raise RefusedRequest(f"a picture may have {BYTES // 1_000_000} MB at most")
    with tempfile.TemporaryDirectory() as folder, Child(writes=Path(folder)) as child:
        target = Path(folder).absolute() / "small.jpg"
        function = "tools.vision.user_image:shrink"
        list(child.call(function, path=str(path.absolute()), target=str(target)))
        return target.read_bytes()


def shrink(path: str, target: str) -> Iterator[dict[str, Any]]:
    """Write a picture as a JPEG of at most SIDE pixels a side. For the sandbox."""
    with _told():
        _flat(_opened(path, SIDE)).save(target, "JPEG", quality=90)
    yield {"done": True}


def decoded(path: str, side: int) -> "Image":
    """Decode a picture of at most `side` pixels a side, upright, RGBA. Inside the sandbox only.

    RefusedRequest if it is too large, UnreadableMedia if it cannot be decoded.
    """
    if Path(path).stat().st_size > BYTES:
        raise RefusedRequest(f"a picture may have {BYTES // 1_000_000} MB at most")
    with _told():
        image = _opened(path, side)
        clear = image.has_transparency_data and not image.mode.startswith("I")
        return (image if clear else _flat(image)).convert("RGBA")


def _opened(path: str, side: int) -> "Image":
    from PIL import Image, ImageOps

    Image.MAX_IMAGE_PIXELS = PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with Image.open(path, formats=FORMATS) as image:
        image.thumbnail((side, side))
        return ImageOps.exif_transpose(image)


@contextmanager
def _told() -> Generator[None]:
    """Turn what a decoder raises into a sentence."""
    from PIL import Image

    try:
        yield
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        limit = f"{PIXELS // 1_000_000} megapixels"
        raise RefusedRequest(f"a picture may have {limit} at most") from None
    except Exception as error:  # damaged files raise all kinds of errors, deep inside the decoders
        advice = "save it as JPEG, PNG or WebP"
        raise UnreadableMedia(f"this picture cannot be read: {advice}") from error


def _flat(image: "Image") -> "Image":
    """Flatten a picture onto white, in 8-bit RGB."""
    from PIL import Image

    if image.mode.startswith("I"):  # of 16 bits, which Pillow cuts rather than scales
        return image.convert("I").point(lambda light: light / 256).convert("RGB")
    if not image.has_transparency_data:
        return image.convert("RGB")
    over = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over).convert("RGB")
