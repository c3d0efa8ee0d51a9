"""Cameras: collections of one camera's videos, and the zones and lines that are drawn in pictures.

They stand in the file of the collections: a camera that is renamed or removed there keeps or loses
its areas with its name. An area of a video stands before one of its camera with the same name.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tools.areas import Area, Kind, checked_area
from tools.errors import RefusedRequest, UnknownCollection
from tools.store.names import checked_name
from tools.store.video_collections import Collections, Drawn, Kept, put

MOST = 50
"""Zones and lines of a camera or a video, at most."""


@dataclass(frozen=True)
class Camera:
    """One camera: ids of its videos, and its zones and lines."""

    name: str
    videos: tuple[str, ...]
    areas: tuple[Area, ...]


class Cameras:
    """Cameras of one library. Safe for many threads and processes."""

    def __init__(self, collections: Collections) -> None:
        self._collections = collections

    def all(self) -> list[Camera]:
        """Cameras by name; Damaged if their file is not what was written."""
        kept, sets = self._collections.kept(), self._collections.all()
        return [
            Camera(name, tuple(ids), tuple(_areas(kept.camera_areas, name)))
            for name, ids in sets.items()
            if name in kept.cameras
        ]

    def get(self, name: str) -> Camera:
        """Camera of a name; UnknownCollection lists those that are there."""
        cameras = self.all()
        for one in cameras:
            if one.name.casefold() == name.casefold():
                return one
        known = ", ".join(camera.name for camera in cameras) or "none"
        raise UnknownCollection(f"there is no camera {name!r}; there are: {known}")

    def reserve(self, name: str, folder: str) -> str:
        """Make a camera of a folder, or find the one that it is; returns its name as kept.

        RefusedRequest where the name is taken by another folder or a collection.
        """
        name = checked_name(name)

        def change(kept: Kept) -> None:
            taken = {one.casefold(): one for one in kept.collections}.get(name.casefold())
            if taken is not None and kept.cameras.get(taken) != folder:
                what = "camera" if taken in kept.cameras else "collection"
                raise RefusedRequest(f"there is a {what} {taken!r} already: take another name")
            put(kept, taken or name, ())
            kept.cameras[taken or name] = folder

        self._collections.change(change)
        return self.get(name).name

    def put(self, name: str, videos: Sequence[str]) -> None:
        """Put videos into a camera; those that it had and that are named come in this order."""

        def change(kept: Kept) -> None:
            rest = [id for id in kept.collections.get(name, ()) if id not in videos]
            kept.collections[name] = [*videos, *rest]

        self._collections.change(change)

    def draw(self, of: str, name: str, kind: Kind, points: Sequence[Sequence[float]]) -> Area:
        """Keep a zone or a line of a camera, by name, or of a video, by id.

        One of that name is replaced.
        """
        area = checked_area(of, name, kind, points)

        def change(kept: Kept) -> None:
            drawn = _part(kept, of).setdefault(of, {})
            if area.name not in drawn and len(drawn) >= MOST:
                raise RefusedRequest(f"there are {MOST} zones and lines already: remove one first")
            drawn[area.name] = [kind, [list(point) for point in area.points]]

        self._collections.change(change)
        return area

    def erase(self, of: str, name: str) -> None:
        """Remove a zone or a line; RefusedRequest where there is none of that name."""

        def change(kept: Kept) -> None:
            part = _part(kept, of)
            if part.get(of, {}).pop(name, None) is None:
                raise RefusedRequest(f"there is no zone or line {name!r}")
            if not part[of]:
                del part[of]

        self._collections.change(change)

    def areas(self) -> "Areas":
        """Every zone and line as it is now."""
        return Areas(self._collections.kept())


class Areas:
    """Zones and lines of a library, and the cameras of its videos, at one moment."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._cameras: dict[str, str] = {}
        for name in kept.cameras:
            for video in kept.collections.get(name, ()):
                self._cameras.setdefault(video, name)

    def camera(self, video: str) -> str:
        """Name of the camera of a video; empty without one."""
        return self._cameras.get(video, "")

    def of(self, video: str) -> list[Area]:
        """Zones and lines in the picture of a video."""
        own = {area.name.casefold(): area for area in _areas(self._kept.video_areas, video)}
        shared = _areas(self._kept.camera_areas, self.camera(video))
        return [*own.values(), *(one for one in shared if one.name.casefold() not in own)]

    def all(self, videos: Collection[str] | None = None) -> list[Area]:
        """Zones and lines, each once, by what they belong to; of some videos, or all."""
        if videos is not None:
            return list(dict.fromkeys(area for video in videos for area in self.of(video)))
        parts = self._kept.camera_areas, self._kept.video_areas
        return [area for part in parts for of in sorted(part) for area in _areas(part, of)]

    def named(self, name: str, videos: Collection[str] | None = None) -> dict[Area, list[str]]:
        """Zones or lines of a name, each with the videos that it is in; of some videos, or all.

        RefusedRequest names those that are drawn.
        """
        drawn = {*self._kept.video_areas, *self._cameras} if videos is None else videos
        found: dict[Area, list[str]] = {}
        for video in sorted(drawn):
            for area in self.of(video):
                if area.name.casefold() == name.strip().casefold():
                    found.setdefault(area, []).append(video)
        if not found:
            names = ", ".join(dict.fromkeys(area.name for area in self.all(videos))) or "none"
            raise RefusedRequest(f"no zone or line {name[:60]!r} is drawn here; there are: {names}")
        return found


def _part(kept: Kept, of: str) -> Drawn:
    return kept.camera_areas if of in kept.cameras else kept.video_areas


def _areas(part: Drawn, of: str) -> Iterable[Area]:
    for name, (kind, points) in part.get(of, {}).items():
        yield Area(of, name, kind, tuple(map(_point, points)))


def _point(pair: Any) -> tuple[float, float]:
    return float(pair[0]), float(pair[1])
