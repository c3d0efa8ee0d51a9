"""V1: playlists and scripts that would open other files. None is opened, whatever it is called."""
# ruff: noqa: E501, SIM905 (what a script says is one line)

import base64
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tools.errors import VideoError
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

SUFFIXES = ".mp4 .mkv .webm .avi .mov .ts .m3u8 .m3u .txt .mpd .jpg .mp3".split()
NESTED = (b"moov", b"trak", b"mdia", b"minf", b"dinf")


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of an MP4: kind and content."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        yield kind, data[at + 8 : at + size]
        at += size


def elsewhere(data: bytes, url: bytes) -> bytes:
    """The same film without its pictures; it says that they lie in another file."""
    made = b""
    for kind, content in boxes(data):
        if kind == b"mdat":
            continue
        if kind in NESTED:
            content = elsewhere(content, url)
        elif kind == b"dref":
            entry = b"url \0\0\0\0" + url + b"\0"
            content = content[:8] + struct.pack(">I", len(entry) + 4) + entry
        made += struct.pack(">I4s", len(content) + 8, kind) + content
    return made


def scripts(folder: Path, film: bytes) -> dict[str, bytes]:
    """What each script says. The neighbours `canary.mp4` and `canary.ts` are in the folder."""
    mp4, ts = folder / "canary.mp4", folder / "canary.ts"
    hls = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n#EXT-X-ENDLIST\n"
    mpd = (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT4S"><Period><AdaptationSet mimeType="video/mp4">'
        '<Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL></Representation>'
        "</AdaptationSet></Period></MPD>"
    )
    text = {
        "hls relative": hls.format("canary.ts"),
        "hls absolute": hls.format(ts),
        "hls file": hls.format(f"file://{ts}"),
        "hls mp4": hls.format(mp4),
        "hls concat": hls.format(f"concat:{ts}|{ts}"),
        "hls key": hls.format(f'#EXT-X-KEY:METHOD=AES-128,URI="{mp4}"\n{ts}'),
        "hls map": hls.format(f'#EXT-X-MAP:URI="{mp4}"\n{mp4}'),
        "hls byte range": hls.format(f"#EXT-X-BYTERANGE:9000@0\n{ts}"),
        "hls http": hls.format("http://127.0.0.1:9/canary.ts"),
        "hls master": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{folder / 'inner.m3u8'}\n",
        "m3u": f"{mp4}\n",
        "xbin trick": "XBIN\x1a\x20\0\x0f\0\x10\x04\n"
        + hls.format(f"subfile,,start,0,end,9,,:{mp4}"),
        "ffconcat": "ffconcat version 1.0\nfile canary.mp4\n",
        "ffconcat absolute": f"ffconcat version 1.0\nfile '{mp4}'\n",
        "ffconcat options": f"ffconcat version 1.0\nfile '{mp4}'\noption safe 0\nduration 4\n",
        "ffconcat stream": f"ffconcat version 1.0\nstream\nexact_stream_id 0x1\nfile '{ts}'\n",
        "concat": f"concat:{ts}|{ts}",
        "mpd": mpd.format("canary.mp4"),
        "mpd absolute": mpd.format(f"file://{mp4}"),
        "smil": f'<smil><body><video src="{mp4}"/></body></smil>',
        "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\n"
        "a=rtpmap:96 H264/90000\n",
        "asx": f'<asx version="3.0"><entry><ref href="{mp4}"/></entry></asx>',
        "asf reference": f"[Reference]\nRef1=file://{mp4}\nRef2={ts}\n",
        "cue": f'FILE "{mp4}" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
        "pls": f"[playlist]\nNumberOfEntries=1\nFile1={mp4}\n",
        "xspf": f"<playlist><trackList><track><location>{mp4}</location></track></trackList></playlist>",
        "subtitles": f"[Script Info]\nUpdate Details: {mp4}\n[Events]\nDialogue: 0,0:0:0,0:0:9,,,,,,,!include {mp4}\n",
        "srt": f"1\n00:00:00,000 --> 00:00:09,000\n<video src='{mp4}'>\n",
        "vapoursynth": f"import vapoursynth as vs\nvs.core.ffms2.Source('{mp4}').set_output()\n",
        "avisynth": f'DirectShowSource("{mp4}")\n',
        "ffmetadata": f";FFMETADATA1\ntitle={mp4}\n",
        "image sequence": "canary%03d.jpg",
        "symbolic data": "data:video/mp4;base64," + base64.b64encode(film).decode(),
        "lavfi": f"movie={mp4}",
    }
    return {name: said.encode() for name, said in text.items()}


@pytest.fixture
def neighbours(tmp_path: Path, encode: Callable[..., Path]) -> Path:
    """A folder in which somebody else's films lie."""

    def green(at: float) -> np.ndarray:
        return np.full((90, 160, 3), (0, 250, 0), np.uint8)

    for name in ("canary.mp4", "canary.ts", "canary.mov"):
        encode(tmp_path / name, green, 2.0)
    (tmp_path / "inner.m3u8").write_text(
        f"#EXTM3U\n#EXTINF:9,\n{tmp_path / 'canary.ts'}\n#EXT-X-ENDLIST\n"
    )
    for number in range(5):
        (tmp_path / f"canary{number:03}.jpg").write_bytes(b"\xff\xd8\xff\xe0 a picture")
    return tmp_path


def test_no_script_opens_a_neighbour(
    neighbours: Path, decoder: Any, times: Callable[[int], int], row: Callable[..., None]
) -> None:
    film = (neighbours / "canary.mov").read_bytes()
    assert decoder.look(neighbours / "canary.mov").rows, "the canary itself is a film"
    said = scripts(neighbours, film)
    said["film elsewhere"] = elsewhere(film, b"canary.mov")
    said["film elsewhere, absolute"] = elsewhere(film, f"file://{neighbours}/canary.mov".encode())
    tried = [
        (name, SUFFIXES[(number + 5 * turn) % len(SUFFIXES)])
        for number, name in enumerate(said)
        for turn in range(times(len(SUFFIXES)))
    ]
    for name, suffix in tried:
        path = neighbours / f"script{suffix}"
        path.write_bytes(said[name])
        look = decoder.look(path)
        assert look.refused and not look.pictures and not look.rows, (name, suffix, look)
    figure = f"0 canary frames, {len(said)} scripts, {len(SUFFIXES)} suffixes; {decoder.figure}"
    row("V1", "a script names a neighbour's film", len(tried), len(tried), figure)


def test_no_name_is_a_protocol(neighbours: Path, decoder: Any, row: Callable[..., None]) -> None:
    names = [
        "concat:canary.mp4|canary.ts", "subfile,,start,0,end,9000,,:canary.mp4", "file:canary.mp4",
        "async:canary.mp4", "cache:canary.mp4", "crypto:canary.mp4", "pipe:0", "fd:0",
        "hls+file:canary.ts", "canary%03d.jpg", "canary*.jpg", "-i canary.mp4", "concatf:canary.mp4",
        "tee:canary.mp4", "md5:canary.mp4", "data:canary.mp4", "http:canary.mp4", "lavfi:movie=canary",
    ]  # fmt: skip
    for name in names:
        path = neighbours / name
        path.write_bytes(b"no film at all")
        assert decoder.look(path).refused, name
    row("V1", "a file's name reads like a protocol", len(names), len(names), "0 canary frames")


def test_no_script_enters_a_library(neighbours: Path, row: Callable[..., None]) -> None:
    library = Library(neighbours / "home")
    said = scripts(neighbours, (neighbours / "canary.mov").read_bytes())
    tried = list(said)[::3]
    for number, name in enumerate(tried):
        path = neighbours / f"talk{SUFFIXES[number % len(SUFFIXES)]}"
        path.write_bytes(said[name])
        with pytest.raises(VideoError) as refused:
            ingest(library, path, providers=BARE)
        assert "\n" not in str(refused.value) and "canary" not in str(refused.value)
    assert library.list() == [] and not list(library.root.glob("videos/*"))
    row("V1", "the same, through the whole index", len(tried), len(tried), "nothing is left behind")
