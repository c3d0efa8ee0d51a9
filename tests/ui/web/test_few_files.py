"""A server that may open few files says so, and works."""

from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

from tests.ui.serving import serving
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE
from ui.texts import DEFAULT, text

VIDEOS = 12
"""Chroma alone would hold more files open than there may be."""


def test_a_server_with_64_files_says_so_and_answers(shots: Path, tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    for number in range(VIDEOS):
        film = tmp_path / f"{number}.mp4"
        film.write_bytes(shots.read_bytes() + bytes(number))
        said = f"1\n00:00:01,000 --> 00:00:02,500\nKettle {number} is red.\n"
        film.with_suffix(".srt").write_text(said)
        ingest(library, film, providers=replace(BARE, embedder="wordllama"))
    few = ("sh", "-c", 'ulimit -n 64; exec "$@"', "sh")
    with serving(library.home, *few, CUEPOINT_MODEL="extractive") as server:
        with server.chatting() as chat:
            for number in range(1, 4):
                chat.say("What is said about the kettle?")
                chat.until(lambda number=number: len(chat.messages) > number)
            assert text(DEFAULT, "answer.sorry") not in chat.text and "is red" in chat.text
        with urlopen(f"{server.url}/health", timeout=60) as reply:
            assert reply.read() == b"ready"
        told = server.log.read_text().splitlines()
        assert sum("Only 64 files may be open" in line for line in told) == 1
