"""V2: small files that would fill the memory."""

import struct
import zlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from tools.video.container import MAX_PIXELS, MAX_SIDE

LIMIT = 600
"""MB that the decoding process may hold."""
SMALL = 64


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def zeros(size: int) -> bytes:
    """So many zero bytes, compressed."""
    packer = zlib.compressobj(9)
    blocks = [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join(blocks) + packer.compress(bytes(size % (1 << 20))) + packer.flush()


def png(width: int, height: int, kind: int = 0, depth: int = 8, extra: bytes = b"") -> bytes:
    """A picture of zeros; kind is PNG's: 0 grey, 2 colour, 6 colour and alpha."""
    line = 1 + (width * depth * {0: 1, 2: 3, 6: 4}[kind] + 7) // 8
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    body = zeros(min(line * height, 270 << 20))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + chunk(b"IDAT", body) + chunk(b"IEND", b"")  # fmt: skip  # noqa: E501


def jpeg(width: int, height: int, claim: tuple[int, int] | None = None) -> bytes:
    """A grey picture; claim writes another size into its header."""
    context: Any = av.CodecContext.create("mjpeg", "w")
    context.width, context.height, context.pix_fmt = width, height, "yuvj444p"
    context.time_base = Fraction(1, 10)
    frame = av.VideoFrame(width, height, "yuvj444p")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    frame.pts = 0
    data = bytearray(b"".join(bytes(p) for p in [*context.encode(frame), *context.encode(None)]))
    if claim:
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", claim[1], claim[0])
    return bytes(data)


def mux(path: Path, codec: str, pictures: list[bytes], width: int, height: int) -> Path:
    """Pictures as they are, in a container that says of what size they are."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_mux_stream(codec, rate=10, width=width, height=height)
        stream.time_base = Fraction(1, 1000)
        for number, data in enumerate(pictures):
            packet: Any = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = number * 100
            packet.duration, packet.is_keyframe = 100, True
            out.mux(packet)
    return path


def coded(path: Path, codec: str, width: int, height: int, pixels: str, **options: str) -> Path:
    """Two honest pictures of one grey."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=10, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        frame = av.VideoFrame(width, height, pixels)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        for number in range(2):
            frame.pts, frame.time_base = number, Fraction(1, 10)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def bombs(folder: Path, heavy: bool) -> dict[str, Path]:
    """Every file by what is wrong with it; what begins with `then` has an honest head.

    What begins with `largest` is just within the limits: heavy brings two more of these.
    """
    square, honest = png(16000, 16000), [png(SMALL, SMALL)] * 3
    profile = chunk(b"iCCP", b"x\0\0" + zeros(400 << 20))
    text = chunk(b"zTXt", b"Title\0\0" + zeros(400 << 20))
    claims = {name: [bytes(range(200))] * 3 for name in ("qtrle", "rawvideo", "svq1", "rpza")}
    made = {
        "png 16000 x 16000, mov": ("png", [square] * 3, 16000, 16000),
        "png 16000 x 16000, avi": ("png", [square] * 3, 16000, 16000),
        "png 16000 x 16000 said to be small": ("png", [square] * 3, SMALL, SMALL),
        "then png 16000 x 16000": ("png", [*honest, square, square], SMALL, SMALL),
        "then png 1 x 60000": ("png", [*honest, png(1, 60000)], SMALL, SMALL),
        "png 1 x 60000": ("png", [png(1, 60000)] * 3, 1, 60000),
        "png 60000 x 1": ("png", [png(60000, 1)] * 3, 60000, 1),
        "png 8193 x 8": ("png", [png(8193, 8)] * 3, 8193, 8),
        "png 8000 x 8000": ("png", [png(8000, 8000)] * 3, 8000, 8000),
        "largest png, 64 bits a pixel": ("png", [png(5800, 5800, 6, 16)], 5800, 5800),
        "png of 2 thousand million a side": ("png", [png(2**31 - 1, 2**31 - 1)] * 2, SMALL, SMALL),
        "then png with a huge colour profile": ("png", [png(9, 9, extra=profile)] * 3, 9, 9),
        "then png with huge texts": ("png", [png(9, 9, extra=text)], 9, 9),
        "jpeg that claims 65500 x 65500": ("mjpeg", [jpeg(64, 64, (65500, 65500))] * 3, 64, 64),
        "then jpeg that claims 65500 x 65500": ("mjpeg", [jpeg(64, 64), jpeg(64, 64, (65500, 65500))], 64, 64),  # noqa: E501
        "then jpeg of the largest size": ("mjpeg", [jpeg(64, 64), jpeg(8192, 4096), jpeg(64, 64)] * 2, 64, 64),  # noqa: E501
        **{f"{name} claims 30000 x 30000": (name, data, 30000, 30000) for name, data in claims.items()},  # noqa: E501
    }  # fmt: skip
    found: dict[str, Path] = {}
    for number, (name, (codec, data, width, height)) in enumerate(made.items()):
        if "largest png" in name and not heavy:
            continue
        kind = "avi" if name.endswith("avi") or codec == "rawvideo" else "mov"
        found[name] = mux(folder / f"{number}.{kind}", codec, data, width, height)
    if heavy:
        found["largest ffv1, 48 bits a pixel"] = coded(
            folder / "ffv1.mkv", "ffv1", 5800, 5800, "yuv444p16le"
        )
    found["largest h264 with 16 references"] = coded(
        folder / "h264.mp4", "libx264", 8192, 4096, "yuv420p", preset="ultrafast", refs="16"
    )
    found["h264 16384 wide"] = coded(
        folder / "wide.mp4", "libx264", 16384, 16, "yuv420p", preset="ultrafast"
    )
    found["exr, a decoder that no video needs"] = mux(
        folder / "exr.mov", "exr", [b"\x76\x2f\x31\x01" + bytes(99)], SMALL, SMALL
    )
    return found


def test_a_bomb_is_refused_before_it_fills_the_memory(
    tmp_path: Path, decoder: Any, times: Callable[[int], int], row: Callable[..., None]
) -> None:
    assert MAX_SIDE == 8192 and MAX_PIXELS <= 34_000_000
    files = bombs(tmp_path, heavy=times(10) == 10)
    for name, path in files.items():
        look = decoder.look(path)
        assert decoder.peak <= LIMIT, name
        if not name.startswith(("then", "largest")):
            assert look.refused or not look.rows, (name, look)
    small = sum(path.stat().st_size for path in files.values()) >> 20
    row("V2", f"a bomb, {small} MB together", len(files), len(files), decoder.figure)


@pytest.mark.parametrize("name", ["odd/ax_portrait_4k60.mp4", "odd/ax_hdr10.mp4"])
def test_what_a_camera_makes_needs_no_more_than_a_bomb_gets(
    name: str, media: Path, decoder: Any
) -> None:
    look = decoder.look(media / name)
    assert look.rows > 10 and not look.troubles
    assert decoder.peak <= LIMIT
