"""A world with a site of videos."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.address_server import World, site_world


@pytest.fixture
def sites(shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with site_world(shots, tmp_path, monkeypatch) as made:
        yield made
