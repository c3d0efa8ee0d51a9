"""Resources by address: videos, their pictures, the app that shows an answer, the skill."""

from __future__ import annotations

import json
import math
import mimetypes
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tools.errors import RefusedRequest, UnknownVideo
from tools.export.clips import FOLDER
from tools.store.filmstrip import strip_name
from tools.store.frames import frame_near
from ui.mcp_server.door import Door

APP = "ui://cuepoint/answer.html"
SKILL = "cuepoint://skill"
APP_TYPE = "text/html;profile=mcp-app"
PAGE, COMPLETED = 100, 50
"""Resources of one page of the list, and values that complete an argument, at most."""
_ADDRESS = re.compile(
    r"cuepoint://video/(?P<video>[0-9a-f]{16})"
    r"(?:/frame/(?P<frame>\d{1,10})|/strip/(?P<start>\d{1,10})-(?P<end>\d{1,10}))?"
)
_KEPT = re.compile(rf"cuepoint://video/([0-9a-f]{{16}})/{FOLDER}/([^/]{{1,900}})")
_CLIP = re.compile(r"cuepoint://video/([0-9a-f]{16})/clip/(\d{1,10})-(\d{1,10})")
LONGEST_CLIP, LARGEST_CLIP = 20, 6 << 20
"""Seconds and bytes of a clip that is sent as a resource."""


@dataclass(frozen=True)
class Resource:
    """A resource that is listed, or a template of several."""

    uri: str
    name: str
    title: str
    description: str
    media_type: str
    meta: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Content:
    """Content of a resource: text, or bytes."""

    media_type: str
    content: str | bytes
    meta: Mapping[str, Any] = field(default_factory=dict[str, Any])


_SKILL = Resource(
    SKILL, "skill", "Skill", "How an agent uses Cuepoint well: read it once.", "text/markdown"
)
TEMPLATES = (
    Resource(
        "cuepoint://video/{id}",
        "video",
        "Video",
        "A video: length, size, state, how far it is indexed.",
        "application/json",
    ),
    Resource(
        "cuepoint://video/{id}/frame/{milliseconds}",
        "frame",
        "Frame",
        "The full picture on screen at a moment.",
        "image/jpeg",
    ),
    Resource(
        "cuepoint://video/{id}/strip/{start}-{end}",
        "strip",
        "Frames of a span",
        "The pictures of a span side by side; start and end are milliseconds.",
        "image/jpeg",
    ),
    Resource(
        "cuepoint://video/{id}/clip/{start}-{end}",
        "clip",
        "Clip",
        "A span to be played; start and end are milliseconds, whole seconds are sent, 20 at most.",
        "video/mp4",
    ),
)


def listed(door: Door, cursor: str | None) -> tuple[list[Resource], str | None]:
    """One page of the resources, and the cursor of the next one. Reads files."""
    if cursor and not re.fullmatch(r"\d{1,9}", cursor):
        raise RefusedRequest("there is no such page: begin without a cursor")
    door.library.catalog.sync()
    begin = int(cursor or 0)
    entries = door.library.catalog.entries(begin + PAGE + 1)[begin:]
    found = [] if begin else [_app(door), _SKILL]
    for one in entries[:PAGE]:
        told = f"{one.duration:.0f} seconds, index {one.covered}"
        uri = f"cuepoint://video/{one.id}"
        found.append(Resource(uri, one.id, one.title, told, "application/json"))
    return found, str(begin + PAGE) if len(entries) > PAGE else None


def read(door: Door, uri: str) -> Content:
    """Content at an address; UnknownVideo where there is nothing. Reads files, may decode."""
    if uri == SKILL:
        page = Path(__file__).parent / "skills" / "cuepoint" / "SKILL.md"
        return Content("text/markdown", page.read_text("utf-8"))
    if uri == APP:
        page = Path(__file__).with_name("answer.html").read_text("utf-8")
        return Content(APP_TYPE, page, _app_meta(door))
    if kept := _KEPT.fullmatch(uri):
        return _file(door, kept[1], unquote(kept[2]))
    match = _ADDRESS.fullmatch(uri)
    if match is None:
        raise UnknownVideo(f"there is no resource {uri[:200]!r}")
    video = door.library.get(match["video"])
    if match["frame"]:
        seconds = int(match["frame"]) / 1000
        if seconds > video.duration:
            raise RefusedRequest(f"the video ends at {video.duration:.1f} s")
        frame = frame_near(door.library, video.id, seconds)
        if frame is None:
            raise UnknownVideo("this video has no picture")
        return Content("image/jpeg", door.library.picture(frame.image).read_bytes())
    if match["start"]:
        end = min(int(match["end"]) / 1000, video.duration)
        image = strip_name(video.id, int(match["start"]) / 1000, end)
        return Content("image/jpeg", door.library.picture(image).read_bytes())
    return Content("application/json", json.dumps(door.json(video), ensure_ascii=False))


def _file(door: Door, video: str, name: str) -> Content:
    """A file that was made of a video and is kept with it."""
    folder = door.library.folder(door.library.get(video).id) / FOLDER
    path = folder / name
    if path.parent != folder or path.is_symlink() or not path.is_file():
        raise UnknownVideo(f"there is no file {name[:200]!r} of this video")
    if path.stat().st_size > LARGEST_CLIP:
        raise RefusedRequest(f"this file has more than {LARGEST_CLIP >> 20} MB: make a shorter one")
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Content(media_type, path.read_bytes())


def is_clip(uri: str) -> bool:
    """True of the address of a span of a video, to be played."""
    return _CLIP.fullmatch(uri) is not None


async def clip(door: Door, uri: str) -> Content:
    """Whole seconds around a span of a video, as every host plays them; made if missing."""
    match = _CLIP.fullmatch(uri)
    assert match
    video = await door.state.proxies.read(door.library.get, match[1])
    begin, end = (
        int(match[2]) // 1000,
        min(math.ceil(int(match[3]) / 1000), math.ceil(video.duration)),
    )
    if not 0 < end - begin <= LONGEST_CLIP:
        raise RefusedRequest(
            f"a clip lies inside the video and has {LONGEST_CLIP} seconds at most; this video has "
            f"{video.duration:.1f}"
        )
    path, media_type = await door.state.proxies.copy(video, begin, end)
    content = await door.state.proxies.read(path.read_bytes)
    if len(content) > LARGEST_CLIP:
        raise RefusedRequest("this clip is too large to be sent: take a shorter one")
    return Content(media_type, content)


def completed(door: Door, argument: str, begun: str, *, titles: bool) -> tuple[list[str], int]:
    """Values that go on with what was typed of a video's id or title, and how many there are."""
    if argument not in ("id", "video"):
        return [], 0
    door.library.catalog.sync()
    typed = begun.casefold()
    found = [
        one
        for one in door.library.catalog.entries()
        if one.id.startswith(typed) or typed in one.title.casefold()
    ]
    names = [one.title if titles else one.id for one in found]
    values = [
        one.id if names.count(name) > 1 else name
        for one, name in zip(found[:COMPLETED], names, strict=False)
    ]
    return values, len(found)


def _app(door: Door) -> Resource:
    told = "Shows an answer with its frames."
    return Resource(APP, "answer", "Answer", told, APP_TYPE, _app_meta(door))


def _app_meta(door: Door) -> dict[str, Any]:
    """Meta of the app: what it may load from, besides what it holds itself."""
    domains = [door.address] if door.address else []
    return {
        "ui": {"csp": {"connectDomains": [], "resourceDomains": domains}, "prefersBorder": True}
    }
