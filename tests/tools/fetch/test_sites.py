"""The video of a page comes by yt-dlp, through the checking proxy, or nothing of it stays."""

from pathlib import Path
from typing import Any

import pytest

from tests.address_server import PAGE, World
from tools.errors import VideoError
from tools.fetch.addresses import parse
from tools.fetch.sites import Fetched, fetch

LIMIT = 4 << 20


def fetched(server: World, folder: Path, text: str = PAGE, limit: int = LIMIT, **options: Any):
    return fetch(parse(text), folder, limit, network=server.network, **options)


def test_the_video_of_a_page_comes_to_the_byte(sites: World, tmp_path: Path, shots: Path) -> None:
    got = fetched(sites, tmp_path, f"{PAGE}?token=5ecret")
    assert got.path.read_bytes() == shots.read_bytes()
    assert got.title == "The keeper"
