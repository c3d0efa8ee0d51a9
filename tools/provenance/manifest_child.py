"""Reading and writing of C2PA manifests. Runs inside the sandbox, and is imported nowhere else.

The native library parses what strangers wrote, and a process that is forked while it works can
wait for ever on a lock that nobody frees.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import c2pa as library  # pyright: ignore[reportMissingTypeStubs]

from tools.errors import RefusedRequest, UnreadableMedia
from tools.provenance.keys import algorithm, read_key
from tools.sandbox import Event

c2pa: Any = library
_BEGINNINGS = (
    (0, b"\x89PNG", "image/png"), (0, b"\xff\xd8\xff", "image/jpeg"), (0, b"GIF8", "image/gif"),
    (8, b"WEBP", "image/webp"), (8, b"AVI ", "video/x-msvideo"), (8, b"WAVE", "audio/wav"),
    (4, b"ftypqt", "video/quicktime"), (4, b"ftypM4A", "audio/mp4"), (4, b"ftyp", "video/mp4"),
    (0, b"fLaC", "audio/flac"), (0, b"ID3", "audio/mpeg"),
)  # fmt: skip
"""Places, bytes there, and media types of files that can hold a manifest."""
_NOWHERE = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "builder": {"thumbnail": {"enabled": False}},
}
_ABSENT = ("ManifestNotFound", "NotSupported")
"""Kinds of errors that say that a file has no manifest, or can have none."""


def read(path: str, anchors: str = "") -> Iterator[Event]:
    """Yield {"manifest": what the library tells of it, or None, "broken": why it is unreadable}.

    anchors are the certificates that are trusted, as PEM.
    """
    settings: dict[str, Any] = {**_NOWHERE, "trust": {"user_anchors": anchors} if anchors else {}}
    context = c2pa.Context(c2pa.Settings.from_dict(settings))
    with Path(path).open("rb") as file:
        try:
            reader = c2pa.Reader(None, file, context=context)
            told = json.loads(reader.json())
        except c2pa.C2paError as error:
            kind = str(error).partition(":")[0]
            yield {"manifest": None, "broken": "" if kind in _ABSENT else kind[:80]}
        else:
            yield {"manifest": told, "broken": ""}


def write(
    path: str,
    target: str,
    manifest: dict[str, Any],
    sources: Sequence[str],
    ingredients: Sequence[dict[str, Any]],
    key: str,
    certificates: str,
) -> Iterator[Event]:
    """Write a copy of a file with a manifest, signed, as `target`; yields nothing.

    sources are the files of the ingredients, and those what the manifest says of each. No
    time-stamp is asked for: that would need the network.
    """
    context = c2pa.Context(c2pa.Settings.from_dict(_NOWHERE))
    secret, trust = read_key(Path(key)), Path(certificates).read_bytes()
    info = c2pa.C2paSignerInfo(algorithm(secret).encode(), trust, secret, None)
    try:
        signer = c2pa.Signer.from_info(info)
    except c2pa.C2paError:  # whose words may quote what it was given
        raise RefusedRequest("the signing key and its certificates do not fit together") from None
    files = list(zip(sources, ingredients, strict=True))
    others = [about for file, about in files if not media_type(file)]
    try:
        builder = c2pa.Builder({**manifest, "ingredients": others}, context=context)
        for file, about in files:
            if kind := media_type(file):
                with Path(file).open("rb") as source:
                    builder.add_ingredient(about, kind, source)
        with Path(path).open("rb") as source, Path(target).open("w+b") as signed:
            builder.sign(signer, media_type(path), source, signed)
    except c2pa.C2paError as error:
        kind = str(error).partition(":")[0][:80]
        raise UnreadableMedia(f"this file could not be signed: {kind}") from None
    yield from ()


def media_type(path: str) -> str:
    """Media type of a file by its first bytes; empty where it can hold no manifest."""
    with Path(path).open("rb") as file:
        head = file.read(16)
    return next((kind for at, mark, kind in _BEGINNINGS if head[at:].startswith(mark)), "")
