"""Collections: named sets of videos of one library, kept in one file.

A video may be in several. One that was removed from the library is in none.
"""

from collections.abc import Callable, Iterable

from tools.errors import Damaged, RefusedRequest, UnknownCollection
from tools.files.checksums import dump_checked, load_checked
from tools.files.durable import lock, write_bytes
from tools.store.names import checked_name
from tools.store.store import Store

FILE = "collections.json"
MOST = 500
"""Collections of a library, at most."""
_Sets = dict[str, list[str]]


class Collections:
    """Collections of one store. Safe for many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._path = store.root / FILE

    def all(self) -> _Sets:
        """Ids of videos by collection, by name; Damaged if the file is not what was written."""
        there = set(self._store.folders())
        found = sorted(self._read().items(), key=lambda item: item[0].casefold())
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

        def change(sets: _Sets) -> None:
            if name not in sets and len(sets) >= MOST:
                raise RefusedRequest(f"there are {MOST} collections: remove one first")
            sets[name] = list(dict.fromkeys([*sets.get(name, []), *videos]))

        self._change(change)
        return name

    def take_out(self, name: str, videos: Iterable[str]) -> None:
        """Take videos out of a collection; they stay in the library."""
        gone = set(videos)

        def change(sets: _Sets) -> None:
            inside = sets[_known(name, sets)]
            sets[name] = [id for id in inside if id not in gone]

        self._change(change)

    def rename(self, name: str, new: str) -> str:
        """Give a collection another name; RefusedRequest if another one has it."""
        new = checked_name(new)

        def change(sets: _Sets) -> None:
            if new != name and new in sets:
                raise RefusedRequest(f"there is a collection {new!r} already")
            sets[new] = sets.pop(_known(name, sets))

        self._change(change)
        return new

    def remove(self, name: str) -> None:
        """Forget a collection; its videos stay in the library."""
        self._change(lambda sets: sets.pop(_known(name, sets)))

    def forget(self, video: str) -> None:
        """Take a video that was removed out of all of them."""
        if any(video in ids for ids in self._read().values()):
            self._change(lambda sets: None)  # which keeps those alone that are there

    def _change(self, change: Callable[[_Sets], object]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with lock(self._store.root / "names.lock"):
            sets = self.all()
            change(sets)
            write_bytes(self._path, dump_checked({"collections": sets}))

    def _read(self) -> _Sets:
        try:
            return load_checked(self._path.read_bytes())["collections"]
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise Damaged(
                f"{FILE} is damaged: `cuepoint library verify --repair` takes it away, and the "
                "collections with it; the videos stay"
            ) from error


def _known(name: str, sets: _Sets) -> str:
    if name not in sets:
        raise UnknownCollection(f"there is no collection {name!r}")
    return name
