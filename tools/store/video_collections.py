"""Collections: named sets of videos of one library, kept in one file with their cameras.

A video may be in several. One that was removed from the library is in none.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from tools.errors import Damaged, RefusedRequest, UnknownCollection
from tools.files.checksums import dump_checked, load_checked
from tools.files.durable import lock, write_bytes
from tools.store.names import checked_name
from tools.store.store import Store

FILE = "collections.json"
MOST = 500
"""Collections of a library, at most."""
_Sets = dict[str, list[str]]
Drawn = dict[str, dict[str, Any]]


@dataclass
class Kept:
    """The file: ids of videos by collection, folders by camera, and zones and lines.

    These are by camera or by video, then by name: kind and points.
    """

    collections: _Sets = field(default_factory=_Sets)
    cameras: dict[str, str] = field(default_factory=dict[str, str])
    camera_areas: Drawn = field(default_factory=dict[str, dict[str, Any]])
    video_areas: Drawn = field(default_factory=dict[str, dict[str, Any]])


class Collections:
    """Collections of one store. Safe for many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = store.root / FILE

    def all(self) -> _Sets:
        """Ids of videos by collection, by name; Damaged if the file is not what was written."""
        there = set(self._store.folders())
        found = sorted(self.kept().collections.items(), key=lambda item: item[0].casefold())
        return {name: [id for id in ids if id in there] for name, ids in found}

    def videos(self, name: str) -> list[str]:
        """Ids of the videos in a collection; UnknownCollection, RefusedRequest for an empty one."""
        sets = self.all()
        if not sets[_known(name, sets)]:
            raise RefusedRequest(f"the collection {name!r} is empty")
        return sets[name]

    def add(self, name: str, videos: Iterable[str]) -> str:
        """Put videos into a collection, which is made if it is new; returns its name as kept."""
        name = checked_name(name)

        def change(kept: Kept) -> None:
            put(kept, name, videos)

        self.change(change)
        return name

    def take_out(self, name: str, videos: Iterable[str]) -> None:
        """Take videos out of a collection; they stay in the library."""
        gone = set(videos)

        def change(kept: Kept) -> None:
            inside = kept.collections[_known(name, kept.collections)]
            kept.collections[name] = [id for id in inside if id not in gone]

        self.change(change)

    def rename(self, name: str, new: str) -> str:
        """Give a collection another name; RefusedRequest if another one has it."""
        new = checked_name(new)

        def change(kept: Kept) -> None:
            _known(name, kept.collections)
            if new != name and new in kept.collections:
                raise RefusedRequest(f"there is a collection {new!r} already")
            for part in _named(kept):
                if name in part:
                    part[new] = part.pop(name)

        self.change(change)
        return new

    def remove(self, name: str) -> None:
        """Forget a collection; its videos stay in the library."""

        def change(kept: Kept) -> None:
            _known(name, kept.collections)
            for part in _named(kept):
                part.pop(name, None)

        self.change(change)

    def forget(self, video: str) -> None:
        """Take a video that was removed out of all of them."""
        kept = self.kept()
        if video in kept.video_areas or any(video in ids for ids in kept.collections.values()):
            self.change(lambda kept: kept.video_areas.pop(video, None))  # and of all others

    def kept(self) -> Kept:
        """The file as it is; Damaged if it is not what was written."""
        try:
            value = load_checked(self._path.read_bytes())
        except FileNotFoundError:
            return Kept()
        except ValueError as error:
            raise Damaged(
                f"{FILE} is damaged: `cuepoint library verify --repair` takes it away, and the "
                "collections with it; the videos stay"
            ) from error
        return Kept(**{part.name: value.get(part.name, {}) for part in fields(Kept)})

    def change(self, change: Callable[[Kept], object]) -> None:
        """Change the file: all of the change or nothing."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with lock(self._store.root / "names.lock"):
            kept = self.kept()
            kept.collections = self.all()
            change(kept)
            write_bytes(self._path, dump_checked(asdict(kept)))


def put(kept: Kept, name: str, videos: Iterable[str]) -> None:
    """Put videos into a collection, which is made if it is new."""
    if name not in kept.collections and len(kept.collections) >= MOST:
        raise RefusedRequest(f"there are {MOST} collections: remove one first")
    kept.collections[name] = list(dict.fromkeys([*kept.collections.get(name, []), *videos]))


def _named(kept: Kept) -> tuple[dict[str, Any], ...]:
    return kept.collections, kept.cameras, kept.camera_areas


def _known(name: str, sets: _Sets) -> str:
    if name not in sets:
        raise UnknownCollection(f"there is no collection {name!r}")
    return name
