import contextlib
import errno
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.hub_server import Peer, damage, left
from tools.embed import load_image_embedder, load_reranker, resolve_image_embedder
from tools.errors import ProviderUnavailable, RefusedRequest, VideoError
from tools.models import download as hub
from tools.models import registry as models

PROGRAM = (
    "from tools.models import pins; pins.REVISIONS.clear(); pins.DIGESTS.clear();"
    "from ui.cli.main import main; main()"
)


def test_a_model_is_pulled_whole_and_works(peer: Peer, home: Path, tmp_path: Path):
    told: list[tuple[int, int]] = []
    assert "siglip2" not in models.installed(home)
    place = hub.pull(home, "siglip2", lambda done, total: told.append((done, total)), peer.address)
    assert "siglip2" in models.installed(home) and models.intact_folder(home, "siglip2") == place
    own = (models.RECORD, models.COMPARED)
    total = sum(path.stat().st_size for path in place.rglob("*") if path.name not in own
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
    assert "siglip2" in models.installed(home) and peer.breaks == 0


def test_a_hub_that_always_breaks_off_leaves_nothing(peer: Peer, home: Path):
    peer.breaks_after, peer.breaks = 0, 1000
    with pytest.raises(ProviderUnavailable, match=r"broke off.*cuepoint models pull siglip2$"):
        hub.pull(home, "siglip2", hub=peer.address)
    assert left(home) == []


def test_what_is_not_what_was_announced_is_refused(peer: Peer, home: Path):
    file = "onnx/text_model.onnx"
    whole = peer.files[models.get("siglip2").sources[0].repository][file]
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
    monkeypatch.setattr(hub, "_remote_files", lambda *_: (_ for _ in ()).throw(AssertionError()))
    with pytest.raises(ProviderUnavailable, match=r"cannot be used \(AssertionError\)"):
        hub.pull(home, "siglip2", hub="http://127.0.0.1:1")


def test_a_hub_that_hangs_is_given_up(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub, "TIMEOUT", 0.1)
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
    (source,) = models.get("siglip2").sources
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
        small.setattr(os, "fsync", full)
        with pytest.raises(RefusedRequest, match=r"the disk became full .* nothing of it is kept"):
            hub.pull(home, "siglip2", hub=peer.address)
    assert left(home) == []


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
    assert models.best_image_model([]) == (
        None,
        "pictures are searched by colour, light and motion only; run: cuepoint models pull siglip2",
    )
    assert models.best_image_model(["e5-small", "clip:int8", "clip"]) == ("clip", "")
    assert resolve_image_embedder("auto", home)[0] is None
    tiny.install_pair(home, "clip:int8")
    assert resolve_image_embedder("auto", home) == ("clip:int8", "")
    with pytest.raises(ProviderUnavailable, match="cuepoint models pull siglip2"):
        resolve_image_embedder("siglip2", home)


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
    assert all(isinstance(models.get(name), models.Model) for name in models.SUGGESTED)
    with pytest.raises(VideoError):
        models.get("gpt")


def test_a_reranker_is_pulled_and_works(peer: Peer, home: Path, tiny: Any, tmp_path: Path):
    peer.offer("ms-marco", tiny.make_reranker(tmp_path / "reranker"))
    assert load_reranker("auto", home) is None
    hub.pull(home, "ms-marco", hub=peer.address)
    model = load_reranker("auto", home)
    assert model and model.scores("What is red?", ["a red door", "a door"]) == [0.5, -0.5]
