import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.hub_server import Peer
from tools.models import pins


@pytest.fixture
def peer(tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Peer]:
    """A hub that has the tiny pair, with no pins; its client does not rest between two tries."""
    monkeypatch.setattr(pins, "REVISIONS", {})
    monkeypatch.setattr(pins, "DIGESTS", {})
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
