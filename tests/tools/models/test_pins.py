"""What is fetched is what is pinned, goes on where it broke off, and is not read twice."""

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest

from tests.hub_server import REVISION, Peer, damage, left
from tools.errors import ProviderUnavailable
from tools.integrity.verify import verify
from tools.library import Library
from tools.models import download as hub
from tools.models import pins
from tools.models import registry as models


def test_what_broke_off_at_its_end_is_not_fetched_again(
    peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 10)
    source = models.get("siglip2").sources[0].repository
    whole = {name: len(data) for name, data in peer.files[source].items() if name != "README.md"}
    largest = max(whole.values())
    peer.breaks_after, peer.breaks = largest - 20, 1
    with monkeypatch.context() as once:  # and then nothing more comes
        once.setattr(peer, "send", lambda request, data: once_broken(peer, request, data))
        with pytest.raises(ProviderUnavailable, match="broke off"):
            hub.pull(home, "siglip2", hub=peer.address)
    assert "siglip2" not in models.installed(home) and peer.sent >= largest - 20
    (part,) = (home / "models").rglob("*.part")
    kept, peer.sent = part.stat().st_size, 0
    told: list[int] = []
    hub.pull(home, "siglip2", lambda done, total: told.append(done), peer.address)
    assert "siglip2" in models.installed(home)
    assert peer.sent == sum(whole.values()) - kept and told[1] == kept > largest * 0.9
    assert not [name for name in left(home) if ".part" in name]


def once_broken(peer: Peer, request: Any, data: bytes) -> None:
    """The largest file breaks off before its end, and nothing comes after that."""
    if peer.breaks:
        Peer.send(peer, request, data)
    else:
        request.connection.shutdown(socket.SHUT_RDWR)
        request.close_connection = True


def test_what_was_begun_of_another_commit_is_not_gone_on_with(
    peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch
):
    aside = home / "models" / ".part-siglip2" / "onnx"
    aside.mkdir(parents=True)
    (aside / f"text_model.onnx.{'6' * 12}.part").write_bytes(b"of another commit")
    (aside / f"vision_model.onnx.{REVISION[:12]}.part").write_bytes(bytes(100_000))  # too long
    (aside / "text_model.onnx").write_bytes(b"another file")
    place = hub.pull(home, "siglip2", hub=peer.address)
    assert models.intact_folder(home, "siglip2", thorough=True) == place
    assert sorted(path.name for path in (place / "onnx").iterdir()) == [
        "text_model.onnx", "vision_model.onnx",
    ]  # fmt: skip


def test_a_hub_that_has_another_file_or_commit_than_the_pinned_one_is_refused(
    peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch
):
    (source,) = models.get("siglip2").sources
    file, repository = "onnx/text_model.onnx", source.repository
    monkeypatch.setattr(pins, "DIGESTS", {repository: {file: "0" * 64}})
    with pytest.raises(ProviderUnavailable, match=r"another one at .* than the one that is pinned"):
        hub.pull(home, "siglip2", hub=peer.address)
    monkeypatch.setattr(pins, "DIGESTS", {repository: {"tokenizer.json": "0" * 64}})
    with pytest.raises(ProviderUnavailable, match=r"tokenizer\.json .* is not what"):
        hub.pull(home, "siglip2", hub=peer.address)  # whose digest no hub tells
    monkeypatch.setattr(pins, "DIGESTS", {})
    monkeypatch.setattr(pins, "REVISIONS", {repository: "6" * 40})
    with pytest.raises(ProviderUnavailable, match="says 404"):
        hub.pull(home, "siglip2", hub=peer.address)
    monkeypatch.setattr(
        peer, "tell", lambda request, repo, _: Peer.tell(peer, request, repo, REVISION)
    )
    with pytest.raises(ProviderUnavailable, match=f"at {REVISION}, and not at {'6' * 40}"):
        hub.pull(home, "siglip2", hub=peer.address)
    assert "siglip2" not in models.installed(home)


def test_what_no_pin_tells_stays_what_was_downloaded_first(peer: Peer, home: Path):
    place = hub.pull(home, "siglip2", hub=peer.address)
    (source,) = models.get("siglip2").sources
    before = json.loads((place / models.RECORD).read_bytes())
    assert before["revisions"] == {source.repository: REVISION}
    file = "onnx/text_model.onnx"
    good = peer.files[source.repository][file]
    peer.files[source.repository][file] = good[:-1] + b"!"  # at the same commit: a forgery
    damage(place / file, "altered")
    with pytest.raises(ProviderUnavailable, match=r"pinned, and is not taken; to take it, remove"):
        hub.pull(home, "siglip2", hub=peer.address)
    peer.files[source.repository][file] = good
    peer.revision = "6" * 40  # the branch went on; the commit is asked for by its name
    with pytest.raises(ProviderUnavailable, match="says 404"):
        hub.pull(home, "siglip2", hub=peer.address)
    assert f"/revision/{REVISION}" in peer.asked[-1]


def test_a_model_is_read_once_and_again_where_it_changed(
    peer: Peer, home: Path, monkeypatch: pytest.MonkeyPatch
):
    place = hub.pull(home, "siglip2", hub=peer.address)
    models.intact_folder(home, "siglip2")
    path = place / "onnx" / "text_model.onnx"
    with monkeypatch.context() as none:
        none.setattr(models, "digest", lambda path: pytest.fail(f"reads {path}"))
        assert models.intact_folder(home, "siglip2") == place
    times = path.stat()
    damage(path, "altered")
    with pytest.raises(ProviderUnavailable, match=r"text_model\.onnx is altered"):
        models.intact_folder(home, "siglip2")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))  # as a failing disk leaves it
    assert models.intact_folder(home, "siglip2") == place, "what it does not see"
    with pytest.raises(ProviderUnavailable, match=r"text_model\.onnx is altered"):
        models.intact_folder(home, "siglip2", thorough=True)
    (problem,) = verify(Library(home))
    assert problem.what == "the model siglip2 is damaged: onnx/text_model.onnx is altered"
    assert problem.fix == "cuepoint models pull siglip2" and not verify(
        Library(home), thorough=False
    )
    (place / models.COMPARED).write_bytes(b"[")
    with pytest.raises(ProviderUnavailable, match=r"text_model\.onnx is altered"):
        models.intact_folder(home, "siglip2")


def test_every_model_is_pinned(home: Path):
    sources = {source.repository: source for one in models.MODELS for source in one.sources}
    assert set(pins.REVISIONS) | {"csukuangfj/speaker-embedding-models"} == set(sources)
    assert all(re.fullmatch("[0-9a-f]{40}", commit) for commit in pins.REVISIONS.values())
    assert set(pins.DIGESTS) == set(sources)
    for one in models.MODELS:
        for source in one.sources:
            digests = pins.DIGESTS[source.repository]
            assert all(re.fullmatch("[0-9a-f]{64}", one) for one in digests.values())
            large = [file for file in source.files if file.endswith((".onnx", ".bin"))]
            assert large and set(large) <= set(digests), one.name
