import contextlib
import errno
import hashlib
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tools.embed import image_embedder_named, load_image_embedder
from tools.errors import ProviderUnavailable, RefusedRequest, VideoError
from tools.models import download as hub
from tools.models import registry as models

REVISION = "5" * 40
PROGRAM = "from ui.cli.main import main; main()"


class Peer:
    """A hub on this machine: what model_info and a download of it ask for."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.asked: list[str] = []
        self.breaks_after: int | None = None
        self.breaks = 0
        self.sends: dict[str, bytes] = {}
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                peer.asked.append(self.path)
                path = self.path.partition("?")[0]
                assert "authorization" not in {name.lower() for name in self.headers}
                if path.startswith("/api/models/"):
                    peer.tell(self, path.removeprefix("/api/models/"))
                else:
                    repository, _, file = path[1:].partition(f"/resolve/{REVISION}/")
                    peer.send(self, peer.sends.get(file, peer.files[repository][file]))

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def offer(self, name: str, folder: Path) -> None:
        """Serve the files of a folder as the repository of a model."""
        (source,) = models.known(name).sources
        self.files[source.repository] = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }

    def tell(self, request: Any, repository: str) -> None:
        files = self.files.get(repository)
        siblings = [
            {"rfilename": name, "size": len(data), "blobId": "0" * 40}
            | ({"lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data),
                        "pointerSize": 130}} if name.endswith(".onnx") else {})
            for name, data in (files or {}).items()
        ]  # fmt: skip
        said = {"id": repository, "sha": REVISION, "siblings": siblings}
        body = json.dumps(said).encode() if files else b"{}"
        request.send_response(200 if files else 404)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def send(self, request: Any, data: bytes) -> None:
        start = int(request.headers.get("Range", "bytes=0-")[6:].partition("-")[0])
        request.send_response(206 if start else 200)
        request.send_header("Content-Length", str(len(data) - start))
        request.end_headers()
        part = data[start:]
        if self.breaks and self.breaks_after is not None and len(part) > self.breaks_after:
            self.breaks -= 1
            request.wfile.write(part[: self.breaks_after])
            request.wfile.flush()
            request.connection.shutdown(socket.SHUT_RDWR)
            request.close_connection = True
        else:
            request.wfile.write(part)


@pytest.fixture
def peer(tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A hub that has the tiny pair; its client does not rest between two tries."""
    monkeypatch.setattr("huggingface_hub.file_download.time", SimpleNamespace(sleep=lambda _: None))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    made = Peer()
    folder = tiny.make_pair(tmp_path / "offered")
    (folder / "README.md").write_text("not wanted")
    made.offer("siglip2", folder)
    thread = threading.Thread(target=made.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def left(home: Path) -> list[str]:
    """What lies below the models' folder, locks aside."""
    found = (path.relative_to(home / "models") for path in (home / "models").rglob("*"))
    return sorted(str(path) for path in found if not path.name.endswith(".lock"))


def test_a_model_is_pulled_whole_and_works(peer: Peer, home: Path, tmp_path: Path):
    told: list[tuple[int, int]] = []
    assert models.state(home, "siglip2") == "missing"
    place = hub.pull(home, "siglip2", lambda done, total: told.append((done, total)), peer.address)
    assert models.state(home, "siglip2") == "ready" and models.checked(home, "siglip2") == place
    total = sum(path.stat().st_size for path in place.rglob("*") if path.name != models.RECORD
                and path.is_file())  # fmt: skip
    assert told[0] == (0, total) and told[-1] == (total, total)
    assert not (place / "README.md").exists() and not any(p.is_symlink() for p in place.rglob("*"))
    assert not (tmp_path / "user").exists(), "something was left in the user's home"
    assert load_image_embedder("siglip2", home).texts(["red"]).shape == (1, 32)
    peer.asked.clear()
    assert hub.pull(home, "siglip2", hub=peer.address) == place and peer.asked == []


def test_a_download_goes_on_where_it_broke_off(peer: Peer, home: Path):
    peer.breaks_after, peer.breaks = 900, 3
    hub.pull(home, "siglip2", hub=peer.address)
    assert models.state(home, "siglip2") == "ready" and peer.breaks == 0


def test_a_hub_that_always_breaks_off_leaves_nothing(peer: Peer, home: Path):
    peer.breaks_after, peer.breaks = 0, 1000
    with pytest.raises(ProviderUnavailable, match=r"broke off.*cuepoint models pull siglip2$"):
        hub.pull(home, "siglip2", hub=peer.address)
    assert left(home) == []


def test_what_is_not_what_was_announced_is_refused(peer: Peer, home: Path):
    file = "onnx/text_model.onnx"
    whole = peer.files[models.known("siglip2").sources[0].repository][file]
    peer.sends[file] = whole[:-1] + bytes([whole[-1] ^ 1])
    with pytest.raises(ProviderUnavailable, match=r"text_model\.onnx .* is not what .* announced"):
        hub.pull(home, "siglip2", hub=peer.address)
    assert left(home) == []


def test_a_hub_that_sends_without_an_end_is_cut_off(
    peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch
):
    sent = list[int]()

    def flood(request: Any, _: bytes) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        with contextlib.suppress(OSError):
            for _ in range(200):
                request.wfile.write(b"100000\r\n" + bytes(1 << 20) + b"\r\n")
                sent.append(1)

    monkeypatch.setattr(peer, "send", flood)
    with pytest.raises(ProviderUnavailable, match=r"is not what .* announced"):
        hub.pull(home, "siglip2", hub=peer.address)
    assert len(sent) < 100 and left(home) == []


def test_a_hub_that_drips_is_given_up(peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch):
    clock = SimpleNamespace(monotonic=itertools.count(step=100).__next__)
    monkeypatch.setattr(hub, "time", clock)  # more than a minute for each piece
    with pytest.raises(ProviderUnavailable, match="is too slow"):
        hub.pull(home, "siglip2", hub=peer.address)
    assert left(home) == []


def test_an_error_without_words_is_one_line(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "_parts", lambda *_: (_ for _ in ()).throw(AssertionError()))
    with pytest.raises(ProviderUnavailable, match=r"cannot be used \(AssertionError\)"):
        hub.pull(home, "siglip2", hub="http://127.0.0.1:1")


def test_a_hub_that_hangs_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(ProviderUnavailable, match="does not answer"):
            hub.pull(home, "siglip2", hub=address)
    with pytest.raises(ProviderUnavailable, match="cannot be reached"):
        hub.pull(home, "siglip2", hub=address)
    assert left(home) == []


def test_a_hub_without_the_model_and_one_with_half_of_it(peer: Peer, home: Path):
    with pytest.raises(ProviderUnavailable, match="says 404"):
        hub.pull(home, "e5-small", hub=peer.address)
    (source,) = models.known("siglip2").sources
    del peer.files[source.repository]["tokenizer.json"]
    with pytest.raises(ProviderUnavailable, match=r"holds no tokenizer\.json"):
        hub.pull(home, "siglip2", hub=peer.address)
    with pytest.raises(ProviderUnavailable, match="CUEPOINT_HUB"):
        hub.pull(home, "siglip2", hub="off")
    with pytest.raises(ProviderUnavailable, match="no model 'siglip9'; known: siglip2, "):
        hub.pull(home, "siglip9", hub=peer.address)
    assert left(home) == []


def test_a_disk_that_is_too_small_and_one_that_becomes_full(peer: Peer, home: Path, monkeypatch):
    with monkeypatch.context() as small:
        small.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=hub.SPARE_BYTES))
        with pytest.raises(RefusedRequest, match="only 500 MB are free"):
            hub.pull(home, "siglip2", hub=peer.address)
    assert not any("/resolve/" in path for path in peer.asked)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as small:
        small.setattr(hub.os, "fsync", full)
        with pytest.raises(RefusedRequest, match=r"the disk became full .* nothing of it is kept"):
            hub.pull(home, "siglip2", hub=peer.address)
    assert left(home) == []


def damage(path: Path, kind: str) -> None:
    data = path.read_bytes()
    if kind == "missing":
        path.unlink()
    else:
        whole = data[:-7] + bytes(b ^ 255 for b in data[-7:])
        path.write_bytes(data[:-7] if kind == "cut short" else whole)


@pytest.mark.parametrize("kind", ["missing", "cut short", "altered"])
def test_a_damaged_model_is_named_before_it_is_loaded_and_mended(peer, home, tiny, kind: str):
    place = tiny.install_pair(home)
    before = (place / "onnx" / "text_model.onnx").read_bytes()
    damage(place / "onnx" / "text_model.onnx", kind)
    line = rf"siglip2 is damaged: onnx/text_model\.onnx is {kind}; run: cuepoint models pull sig"
    with pytest.raises(ProviderUnavailable, match=line):
        load_image_embedder("siglip2", home).texts(["red"])
    hub.pull(home, "siglip2", hub=peer.address)
    assert (place / "onnx" / "text_model.onnx").read_bytes() == before


def test_auto_takes_the_best_that_is_ready(home: Path, tiny):
    assert models.best_pictures([]) == (
        None,
        "pictures are searched by colour, light and motion only; run: cuepoint models pull siglip2",
    )
    assert models.best_pictures(["e5-small", "clip:int8", "clip"]) == ("clip", "")
    assert image_embedder_named("auto", home)[0] is None
    tiny.install_pair(home, "clip:int8")
    assert image_embedder_named("auto", home) == ("clip:int8", "")
    with pytest.raises(ProviderUnavailable, match="cuepoint models pull siglip2"):
        image_embedder_named("siglip2", home)


def cuepoint(home: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, "--library", str(home), *arguments],
        capture_output=True, text=True, env={**os.environ, **environ},
    )  # fmt: skip


def test_the_commands(peer: Peer, home: Path):
    first = cuepoint(home, "models", "list", "--json")
    rows = json.loads(first.stdout)
    assert {tuple(row) for row in rows} == {("name", "kind", "state", "size", "used_by")}
    assert {row["state"] for row in rows} == {"missing"}
    pulled = cuepoint(home, "models", "pull", "siglip2", CUEPOINT_HUB=peer.address)
    assert pulled.returncode == 0 and "siglip2: 0.0 MB to download" in pulled.stderr, pulled.stderr
    after = json.loads(cuepoint(home, "models", "list", "--json").stdout)
    assert {row["name"] for row in after if row["state"] == "ready"} == {"siglip2"}
    refused = cuepoint(home, "models", "pull", "clip", CUEPOINT_HUB="off")
    assert refused.returncode == 1 and refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith("cuepoint: the model clip is not there and downloads are switched off")


def test_every_model_has_a_place_of_its_own_and_a_size(home: Path):
    places = {models.folder(home, one.name) for one in models.MODELS}
    assert len(places) == len(models.MODELS) == len(models.NAMES)
    assert all(one.size > 1_000_000 and one.sources for one in models.MODELS)
    assert all(isinstance(models.known(name), models.Model) for name in models.SUGGESTED)
    with pytest.raises(VideoError):
        models.known("gpt")
