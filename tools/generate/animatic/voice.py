"""Voices: sentences as files of sound, one each, by what is installed or configured.

Hibari (English, Apache-2.0, inside the sandbox), the program espeak-ng (many languages), or a
server with the shape of OpenAI's `POST /audio/speech`. Where there is none, captions stand alone.
"""

import json
import shutil
import ssl
import subprocess
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpcore

from tools.errors import Interrupted, ProviderUnavailable, RefusedRequest
from tools.fetch.addresses import certificates
from tools.sandbox import Child
from tools.text.clean import clean

HIBARI, ESPEAK = "hibari-tts", "espeak-ng"
ESPEAK_PACE = "165"
"""Words a minute."""
PATIENCE = 60.0
"""Seconds after which a program, or a server, counts as silent."""
BYTES = 20_000_000
"""Bytes of a spoken sentence, at most."""
_WAV = 24_000


class Voice(Protocol):
    """A maker of speech."""

    @property
    def name(self) -> str:
        """Name that the sheet gives it."""
        ...

    def speak(self, sentences: Sequence[str], folder: Path, child: Child) -> list[Path]:
        """Write each sentence into the folder as a file of sound; a child decodes them later."""
        ...


class Hibari:
    """hibari-tts: one English voice, whose weights lie in its package."""

    name = HIBARI

    def speak(self, sentences: Sequence[str], folder: Path, child: Child) -> list[Path]:
        paths = [folder / f"voice-{number}.wav" for number in range(len(sentences))]
        function = "tools.generate.animatic.voice:speak_hibari"
        targets = [str(path) for path in paths]
        for _ in child.call(function, sentences=list(sentences), targets=targets):
            pass
        return paths


def speak_hibari(sentences: Sequence[str], targets: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Write sentences as WAV files; the same words always sound the same. For the sandbox."""
    import numpy as np

    model: Any = import_module("hibari").Hibari()
    for sentence, target in zip(sentences, targets, strict=True):
        samples = model(sentence, seed=0)
        with wave.open(target, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(_WAV)
            file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
        yield {"spoken": target}


@dataclass(frozen=True)
class Espeak:
    """espeak-ng, run as a program of its own: its licence is not ours."""

    program: str
    language: str
    name: str = ESPEAK

    def speak(self, sentences: Sequence[str], folder: Path, child: Child) -> list[Path]:
        paths: list[Path] = []
        for number, sentence in enumerate(sentences):
            path = folder / f"voice-{number}.wav"
            command = [self.program, "-v", self.language, "-s", ESPEAK_PACE, "-w", str(path)]
            try:
                done = subprocess.run(
                    [*command, "--stdin"],
                    input=sentence.encode(),
                    capture_output=True,
                    timeout=PATIENCE,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise Interrupted(f"{ESPEAK} did not answer: try again") from error
            if done.returncode or not path.exists():
                said = clean(done.stderr.decode(errors="replace"), 120)
                raise ProviderUnavailable(f"{ESPEAK} can't say this: {said or done.returncode}")
            paths.append(path)
        return paths


@dataclass(frozen=True)
class SpeechServer:
    """A server that speaks: OpenAI's own, or one with its shape. The text leaves this machine."""

    base_url: str
    key: str = field(default="", repr=False)
    model: str = "gpt-4o-mini-tts"
    voice: str = "alloy"

    @property
    def name(self) -> str:
        return f"{self.model} ({self.host})"

    @property
    def host(self) -> str:
        """The place that the text goes to."""
        return urlsplit(self.base_url).netloc

    def speak(self, sentences: Sequence[str], folder: Path, child: Child) -> list[Path]:
        paths: list[Path] = []
        with httpcore.ConnectionPool(
            ssl.create_default_context(cafile=certificates()), retries=0
        ) as pool:
            for number, sentence in enumerate(sentences):
                path = folder / f"voice-{number}.wav"
                path.write_bytes(self._spoken(pool, sentence))
                paths.append(path)
        return paths

    def _spoken(self, pool: httpcore.ConnectionPool, sentence: str) -> bytes:
        body = {
            "model": self.model, "voice": self.voice, "input": sentence, "response_format": "wav",
        }  # fmt: skip
        headers = [("Content-Type", "application/json")]
        if self.key:
            headers.append(("Authorization", f"Bearer {self.key}"))
        wait = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
        try:
            with pool.stream(
                "POST",
                f"{self.base_url.rstrip('/')}/audio/speech",
                headers=headers,
                content=json.dumps(body).encode(),
                extensions={"timeout": wait},
            ) as response:
                sound = b""
                for piece in response.iter_stream():
                    sound += piece
                    if len(sound) > BYTES:
                        raise RefusedRequest(f"{self.host} sent more than a sentence's sound")
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as error:
            raise Interrupted(f"{self.host} did not speak: {type(error).__name__}") from error
        if response.status != 200 or not sound:
            raise ProviderUnavailable(
                f"{self.host} did not speak (status {response.status}): check its address, its "
                "key and the name of the model"
            )
        return sound


def voice_for(
    language: str,
    server: SpeechServer | None = None,
    which: Callable[[str], str | None] = shutil.which,
) -> Voice | None:
    """The voice for a language, by what is configured, then installed; None where there is none."""
    if server is not None:
        return server
    short = language[:2].lower() or "en"
    if short == "en" and find_spec("hibari") is not None:
        return Hibari()
    program = which(ESPEAK)
    return Espeak(program, short) if program else None
