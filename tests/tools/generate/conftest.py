"""Jobs over a library without films, and a service that is scripted."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.video_server import VideoServer
from tools.errors import Interrupted
from tools.generate.generators import Generators
from tools.generate.job import GenerationJob
from tools.generate.jobs import Jobs
from tools.generate.moderation import Moderation
from tools.generate.options import GenerationOptions
from tools.generate.proposal import Draft, Proposer
from tools.generate.providers import Generator, Piece, Progress, Work
from tools.generate.providers.openai_videos import OpenAIVideos
from tools.generate.request import GenerationRequest, Kind
from tools.generate.runner import Rejected, Runner
from tools.library import Library


@dataclass
class Local:
    """A maker that costs nothing; what it makes is the prompt as a file."""

    name: str = "animatic"
    model: str = ""
    local: bool = True
    kinds: frozenset[Kind] = frozenset({"text_to_video", "ad"})
    submitted: list[Work] = field(default_factory=list[Work])
    asked: list[str] = field(default_factory=list[str])

    def price(self, request: GenerationRequest) -> float | None:
        return 0.0

    def leaves(self, request: GenerationRequest) -> list[str]:
        return []

    def submit(self, work: Work) -> str:
        self.submitted.append(work)
        return work.key

    def find(self, work: Work, since: float) -> str | None:
        raise AssertionError("nothing is looked for on this machine")

    def poll(self, id: str) -> Progress:
        return Progress("done", 1.0)

    def fetch(
        self, id: str, work: Work, folder: Path, on_progress: Callable[[float], object]
    ) -> list[Piece]:
        on_progress(0.5)
        pieces: list[Piece] = []
        for aspect in work.request.aspects:
            path = folder / f"{aspect.replace(':', 'x')}.mp4"
            path.write_text(work.request.prompt)
            pieces.append(Piece(path, aspect, work.request.seconds, sheet=[{"source": "drawn"}]))
        return pieces

    def cancel(self, id: str) -> None:
        self.asked.append(f"cancel {id}")


def copied(job: GenerationJob, piece: Piece, target: Path) -> dict[str, Any]:
    """A finish that copies; what says so is refused."""
    text = piece.path.read_bytes()
    if b"ugly" in text:
        raise Rejected("the picture does not move")
    target.write_bytes(b"signed " + text)
    return {"c2pa": "valid", "watermark": job.payload}


@dataclass
class Studio:
    """Everything that makes videos, with a service that is scripted and no clock."""

    library: Library
    service: VideoServer
    local: Local
    generators: Generators
    options: GenerationOptions = field(default_factory=GenerationOptions)
    waited: list[float] = field(default_factory=list[float])
    finish: Any = copied

    def __post_init__(self) -> None:
        self.jobs = Jobs(self.library.root, self.options)
        self.moderation = Moderation()

    @property
    def proposer(self) -> Proposer:
        return Proposer(self.library, self.jobs, self.generators, self.moderation)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        if len(self.waited) > 200:
            raise Interrupted("waited long enough")

    @property
    def runner(self) -> Runner:
        return Runner(self.jobs, self.generators, self.moderation, self.finish, self.wait)

    def propose(self, prompt: str = "a dog on a beach", **more: Any) -> GenerationJob:
        return self.proposer.propose(Draft(prompt, **{"provider": "openai-videos", **more}))

    def made(self, job: GenerationJob) -> list[Path]:
        """Files of a job that anybody could take for finished ones."""
        return sorted((self.jobs.folder(job.id) / "made").glob("*"))


@pytest.fixture
def service() -> Iterator[VideoServer]:
    one = VideoServer()
    thread = threading.Thread(target=one.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def studio(tmp_path: Path, service: VideoServer, request: pytest.FixtureRequest) -> Studio:
    usd = getattr(request, "param", 0.1)
    local = Local()
    paid = OpenAIVideos(f"{service.address}/v1", "film-1", usd, "sk-secret")
    made: dict[str, Generator] = {"animatic": local, "openai-videos": paid}
    generators = Generators(made, {"runway": "runway needs a key"}, "auto")
    library = Library(tmp_path / "home")
    library.root.mkdir(parents=True)
    return Studio(library, service, local, generators)
