"""Voices: the one that is there speaks, and where there is none nobody pretends."""

import json
import threading
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tools.generate.animatic.conftest import SCRIPT, SIDE, Make, ad
from tools.errors import Interrupted, ProviderUnavailable, RefusedRequest
from tools.generate.animatic import voice
from tools.generate.animatic.voice import Espeak, Hibari, SpeechServer, voice_for
from tools.generate.providers.animatic import Animatic
from tools.library import Library
from tools.sandbox import Child


def spoken_wav(seconds: float = 0.8) -> bytes:
    """A WAV of a tone that stands for a sentence, with silence around it."""
    tone = np.sin(np.arange(round(seconds * 16_000)) * 0.2) * 12_000
    samples = np.concatenate([np.zeros(4000), tone, np.zeros(4000)]).astype("<i2")
    file = BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16_000)
        out.writeframes(samples.tobytes())
    return file.getvalue()


@contextmanager
def speech_server(status: int = 200, body: bytes | None = None) -> Iterator[tuple[str, list[Any]]]:
    """A server that speaks as OpenAI's does; what it was asked is kept."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            sent = json.loads(self.rfile.read(length))
            asked.append((self.path, self.headers.get("Authorization"), sent))
            said = spoken_wav() if body is None else body
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    server.shutdown()
    server.server_close()


def test_the_voice_of_the_package_speaks_inside_the_sandbox(tmp_path: Path) -> None:
    with Child(writes=tmp_path) as child:
        first, second = Hibari().speak(
            ["Hello there.", "A longer sentence than that."], tmp_path, child
        )
    lengths = []
    for path in (first, second):
        with wave.open(str(path)) as file:
            lengths.append(file.getnframes() / file.getframerate())
            samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        assert np.abs(samples).max() > 2000
    assert 0.4 < lengths[0] < lengths[1] < 4


def test_espeak_is_a_program_beside_us(tmp_path: Path) -> None:
    program = tmp_path / "espeak-ng"
    (tmp_path / "said.wav").write_bytes(spoken_wav())
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\ncat >> {tmp_path}/text\n'
        f'for last; do :; done\ncp {tmp_path}/said.wav "$6"\n'
    )
    program.chmod(0o755)
    found = voice_for("de", which=lambda name: str(program))
    assert isinstance(found, Espeak) and found.language == "de"
    with Child() as child:
        paths = found.speak(["Grüße; rm -rf /", "-w /etc/passwd"], tmp_path, child)
    assert [path.read_bytes() for path in paths] == [spoken_wav()] * 2
    assert "rm -rf" not in (tmp_path / "asked").read_text()  # text is never an argument
    assert (tmp_path / "text").read_text() == "Grüße; rm -rf /-w /etc/passwd"


def test_a_failing_program_is_told(tmp_path: Path) -> None:
    program = tmp_path / "espeak-ng"
    program.write_text("#!/bin/sh\necho no such voice >&2\nexit 1\n")
    program.chmod(0o755)
    with Child() as child, pytest.raises(ProviderUnavailable, match="no such voice"):
        Espeak(str(program), "xx").speak(["Hello."], tmp_path, child)


def test_a_server_speaks_where_one_is_configured(make: Make, tmp_path: Path) -> None:
    with speech_server() as (url, asked):
        server = SpeechServer(url, "sk-secret", "tts-1", "nova")
        by = Animatic(Library(tmp_path / "other"), server, SIDE, watermark=False)
        host = url.split("/")[2]
        assert not by.local and by.price(ad()) is None
        assert by.leaves(ad()) == [f"3 sentences to {host}, to be spoken"]
        assert by.leaves(ad(voice=False)) == []
        (piece,) = make(ad(seconds=7.0), by)
    assert [sent["input"] for _, _, sent in asked] == list(SCRIPT)
    path, key, sent = asked[0]
    assert path == "/v1/audio/speech" and key == "Bearer sk-secret"
    assert (sent["model"], sent["voice"], sent["response_format"]) == ("tts-1", "nova", "wav")
    (row,) = (row for row in piece.sheet if row.get("part") == "voice")
    assert row["source"] == f"tts-1 ({host})"
    assert "sk-secret" not in repr(server)
    assert all(abs(one) <= 80 for one in piece.scores["voice_offsets_ms"])


def test_a_server_that_fails_is_told_and_its_key_is_not(tmp_path: Path) -> None:
    with speech_server(401, b"{}") as (url, _), Child() as child:
        with pytest.raises(ProviderUnavailable, match="status 401") as error:
            SpeechServer(url, "sk-secret").speak(["Hello."], tmp_path, child)
        assert "sk-secret" not in str(error.value)
    with Child() as child, pytest.raises(Interrupted, match="did not speak"):
        SpeechServer(url).speak(["Hello."], tmp_path, child)  # which is gone by now


def test_a_server_that_sends_no_end_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(voice, "BYTES", 1000)
    with speech_server() as (url, _), Child() as child, pytest.raises(RefusedRequest):
        SpeechServer(url).speak(["Hello."], tmp_path, child)


def test_nobody_speaks_where_no_voice_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(voice_for("en"), Hibari)
    assert voice_for("uk", which=lambda name: None) is None
    monkeypatch.setattr(voice, "find_spec", lambda name: None)
    assert voice_for("en", which=lambda name: None) is None
    assert isinstance(voice_for("en", which=lambda name: "/bin/espeak-ng"), Espeak)
