"""Files that are not read: what each is, by its first bytes, and what makes a video of it."""

import shlex
from pathlib import PurePath

HEAD = 4096
"""Bytes that are looked at."""
_CONVERTED = {
    b"\x06\x0e\x2b\x34": "an MXF file",
    b"YUV4MPEG2": "an uncompressed YUV4MPEG file",
    b"DKIF": "an IVF file",
    b".RMF": "a RealMedia file",
    b"nut/multimedia container": "a NUT file",
}
_OTHER = {
    b"PK\x03\x04": "a zip archive: unpack it, and index the videos in it",
    b"Rar!": "a RAR archive: unpack it, and index the videos in it",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive: unpack it, and index the videos in it",
    b"\x1f\x8b": "a gzip archive: unpack it, and index the videos in it",
    b"%PDF": "a PDF document, not a video",
    b"\x89PNG": "a picture, not a video",
    b"\xff\xd8\xff": "a picture, not a video",
}
_H264, _HEVC = {6, 7, 9}, {32, 33, 34, 35}
"""Types of the first unit of a bare stream: parameters, delimiters, messages."""


def why_unread(name: str, head: bytes) -> str:
    """Kind of a file and the command that helps, as the end of a sentence; "" for no known kind.

    `head` are its first HEAD bytes.
    """
    stem = PurePath(name).stem
    given = shlex.quote(name)
    made = shlex.quote(f"{stem}.mp4" if name != f"{stem}.mp4" else f"{stem} converted.mp4")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for mark, kind in _CONVERTED.items():
        if head.startswith(mark):
            return f"{kind}, which is not read: `ffmpeg -i {given} {made}` converts it"
    for mark, kind in _OTHER.items():
        if head.startswith(mark):
            return kind
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page, not a video: what was downloaded is an error or a login page"
    if text.startswith(b"#extm3u"):
        return (
            "a playlist, not a video: it only names other files, and "
            f"`ffmpeg -i {given} -c copy {made}` fetches and joins them"
        )
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        if b"ANIM" not in head[:64]:
            return "a picture, not a video"
        gif = shlex.quote(f"{PurePath(name).stem}.gif")
        return f"an animated WebP picture, which is not read: `magick {given} {gif}` makes a GIF"
    start = head.find(b"\x00\x00\x01")
    if 0 <= start <= 1 and len(head) > start + 3:
        unit = head[start + 3]
        codec = "H.264" if unit & 31 in _H264 and not unit & 128 else ""
        codec = codec or ("H.265" if unit >> 1 in _HEVC else "")
        if codec:
            return (
                f"a bare {codec} stream, which holds no times: "
                f"`ffmpeg -framerate 25 -i {given} -c copy {made}` makes a video of it, "
                "with its frame rate for 25"
            )
    return ""
