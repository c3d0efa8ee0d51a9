"""A world with sites, whose certificates come from an authority of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.address_server import World, peertube, sends, world


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def sites(
    authority: trustme.CA, shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """The world, with the page of one video."""
    trusted = tmp_path.with_name(f"{tmp_path.name}-trusted.pem")
    authority.cert_pem.write_to_path(str(trusted))
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with world(authority) as made:
        peertube(made)
        made.replies["/film.mp4"] = sends(shots.read_bytes())
        yield made
