"""Videos from addresses: a file as it lies there or, with yt-dlp, the video of a page.

yt-dlp goes where a site sends it, so it runs in a process of its own, which reaches nothing but a
proxy of ours (`CheckingProxy`) and writes in one folder.
"""

import site
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

import httpcore

from tools.errors import (
    Interrupted,
    IsPage,
    NoFile,
    ProviderUnavailable,
    UnreadableMedia,
    VideoError,
)
from tools.fetch.addresses import Address, PublicNetwork, certificates
from tools.fetch.checking_proxy import CheckingProxy
from tools.fetch.download import (
    MOST_SECONDS,
    Limits,
    OnBytes,
    download,
    too_large,
)
from tools.sandbox import Child
from tools.transcript import given

INSTALL = "pip install 'cuepoint[sites]'"
UPDATE = "pip install --upgrade yt-dlp"
OLDEST = (2026, 7, 4)
"""Release of yt-dlp before which what a site sends could run programs (CVE-2026-55404)."""
_FILE = "fetched-file"
Network = Callable[[Callable[[], None]], httpcore.NetworkBackend]


@dataclass(frozen=True)
class Fetched:
    """A file that came, its title, and the subtitle files, made by hand, that a site has for it."""

    path: Path
    title: str
    subtitles: tuple[Path, ...] = ()


def installed() -> str | None:
    """Version of yt-dlp; None where there is none, ProviderUnavailable where it is too old."""
    try:
        found = version("yt-dlp")
    except PackageNotFoundError:
        return None
    if tuple(int(part) for part in found.split(".")[:3] if part.isdigit()) < OLDEST:
        raise ProviderUnavailable(f"yt-dlp {found} is too old to be safe; run: {UPDATE}")
    return found


def limits() -> tuple[list[str], list[str]]:
    """Bounds of yt-dlp's process on this system, and what more of them would need."""
    with TemporaryDirectory() as folder, SiteChild(Path(folder), port=1) as child:
        (state,) = child.call("tools.sandbox.confinement:state")
    return state["held"], state["missing"]


def fetch(
    address: Address,
    folder: Path,
    limit: int,
    stall: float = 60.0,
    on_bytes: OnBytes = lambda here, whole: None,
    wanted: Callable[[], bool] = lambda: True,
    network: Network = PublicNetwork,
) -> Fetched:
    """Bring what lies at an address into an empty folder, which its caller removes; VideoErrors.

    `limit` is in bytes, `stall` the seconds without one after which it is given up.
    """
    path = folder / _FILE
    try:
        download(address, path, limit, stall, on_bytes, wanted, network)
        return Fetched(path, address.title)
    except NoFile as error:
        if installed() is None:
            if isinstance(error, IsPage):
                raise IsPage(
                    f"{error}; with yt-dlp, videos of many sites come: {INSTALL}"
                ) from None
            raise
        no_file = error
    (place := folder / "site").mkdir()
    try:
        return _of_site(address, place, limit, stall, on_bytes, Limits(wanted), network)
    except IsPage as error:
        raise (error if isinstance(no_file, IsPage) else no_file) from None


class SiteChild(Child):
    """A process for yt-dlp: its home, its temporary files and its working folder are one."""

    def __init__(self, folder: Path, port: int) -> None:
        # The proxy sees to silence and time.
        super().__init__(patience=2 * MOST_SECONDS, writes=folder, port=port)
        self.folder = str(folder.absolute())
        self.environment = {
            **Child.environment,
            **dict.fromkeys(("HOME", "TMPDIR"), self.folder),
            "PATH": "/dev/null",  # no other program is found
            "PYTHONUSERBASE": site.getuserbase(),
            "SSL_CERT_FILE": certificates(),
            "YTDLP_NO_PLUGINS": "1",
        }

    def exit_error(self, code: int, cpu: float) -> VideoError:
        return Interrupted(f"yt-dlp stopped (exit {code}): try it again, or run: {UPDATE}")


def _of_site(
    address: Address,
    folder: Path,
    limit: int,
    stall: float,
    on_bytes: OnBytes,
    limits: Limits,
    network: Network,
) -> Fetched:
    path, page = folder / _FILE, str(replace(address, scheme="https"))
    url = f"https://{address.host}{address.path}"
    title, names = "", list[str]()
    whole: int | None = None
    before: int | None = None
    with (
        CheckingProxy(page, limit, stall, limits.check, network) as proxy,
        SiteChild(folder, proxy.port) as child,
    ):

        def tell(here: int) -> None:
            here = 0 if before is None else here - before
            on_bytes(min(here, whole or here), whole)  # a page and encryption are bytes, too

        proxy.on_bytes, proxy.on_end = tell, child.kill
        try:
            for event in child.call(
                "tools.fetch.site_child:fetch",
                url=f"{url}?{address.query}" if address.query else url,
                page=page,
                host=address.host,
                path=str(path.absolute()),
                proxy=proxy.url,
                limit=limit,
                stall=stall,
            ):
                if "title" in event:
                    title, whole, before = event["title"], event["size"], proxy.bytes
                names += event.get("subtitles", ())
        except VideoError as error:
            trouble = proxy.trouble if isinstance(error, Interrupted) else None
            raise proxy.refusal or trouble or error from None
        except RuntimeError:  # it could not be begun: another release has other names
            raise ProviderUnavailable(
                f"yt-dlp {installed()} does not work with this Cuepoint; run: {UPDATE}"
            ) from None
        if proxy.refusal:
            raise proxy.refusal
    size = _size(path)
    if size > limit:
        raise too_large(limit)
    if not size:
        raise UnreadableMedia(f"{page} is empty")
    subtitles: list[Path] = []
    for name in names:
        with suppress(VideoError):  # the video is what was asked for
            given.check(one := folder / Path(name).name, title)
            subtitles.append(one)
    return Fetched(path, title or address.title, tuple(subtitles))


def _size(path: Path) -> int:
    """Bytes of a file; 0 where there is none, or a link."""
    return 0 if path.is_symlink() or not path.is_file() else path.stat().st_size
