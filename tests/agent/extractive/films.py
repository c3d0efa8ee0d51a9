"""Films of one grey picture whose subtitles are known, and conversations about them."""

from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tests.conftest import flat, write_video
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import BARE

Said = Sequence[tuple[float, float, str]]
"""Subtitles: start and end in seconds, and words."""


def every(seconds: float, *texts: str, pause: float = 1.0) -> Said:
    """Subtitles one after another, one in so many seconds."""
    return [(n * seconds, (n + 1) * seconds - pause, text) for n, text in enumerate(texts)]


def srt(said: Said) -> str:
    """Subtitles as a file holds them."""
    cues = (
        f"{n}\n{_stamp(start)} --> {_stamp(end)}\n{text}\n"
        for n, (start, end, text) in enumerate(said, 1)
    )
    return "\n".join(cues)


def _stamp(seconds: float) -> str:
    whole, rest = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{rest:03}"


def add_film(
    library: Library, title: str, subtitles: str, duration: float, suffix: str = ".srt"
) -> str:
    """Make a film with subtitles beside it and index it; returns its id."""
    folder = library.home.parent / "films"
    folder.mkdir(exist_ok=True)
    shade = crc32(title.encode()).to_bytes(4)
    picture = flat((shade[0] // 2 + 60, shade[1] // 2 + 60, shade[2] // 2 + 60), 64, 48)
    path: Path = write_video(folder / f"{title}.mp4", lambda _: picture, duration, fps=1)
    path.with_suffix(suffix).write_text(subtitles, "utf-8")
    return ingest(library, path, providers=BARE).id


async def talk(library: Library, *questions: str, videos: Sequence[str] = ()) -> list[Answer]:
    """The answers to the questions of one conversation."""
    answers: list[Answer] = []
    async with open_agent(Settings(home=library.home)) as agent:
        for question in questions:
            thread = answers[-1].thread if answers else None
            *_, last = [e async for e in ask(agent, question, videos=videos, thread=thread)]
            assert isinstance(last, Answer)
            answers.append(last)
    return answers


def starts(answer: Answer) -> list[float]:
    """When the speech that an answer cites begins, in seconds, in the order of its citations."""
    return [c.evidence.start for c in answer.evidence if c.evidence.kind == "speech"]
