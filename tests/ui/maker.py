"""A maker of small real films for the tests of doors, at once or held until a person stops it."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np

from tools.generate.job import GenerationJob
from tools.generate.providers import Piece, Progress, Work
from tools.generate.request import SIZES, GenerationRequest, Kind
from tools.generate.runner import Rejected

SERVE = f"import runpy; runpy.run_path({__file__!r}, run_name='__main__')"
"""Program of a server whose films come from here."""
HELD = "for ever"
"""Words of a prompt whose film is never done: it is stopped."""
UGLY = "ugly"
"""Word of a prompt whose film nobody may see."""
KINDS: frozenset[Kind] = frozenset(
    {"teaser", "ad", "captions", "narration", "text_to_video", "image_to_video", "video_to_video"}
)


class Maker:
    """Makes a film of one colour for each moment, picture or sentence."""

    name, model, local, kinds = "animatic", "", True, KINDS

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def price(self, request: GenerationRequest) -> float | None:
        return 0.0

    def leaves(self, request: GenerationRequest) -> list[str]:
        return []

    def submit(self, work: Work) -> str:
        return work.key

    def find(self, work: Work, since: float) -> str | None:
        return work.key

    def poll(self, id: str) -> Progress:
        return Progress("done", 1.0)

    def cancel(self, id: str) -> None:
        pass

    def fetch(
        self, id: str, work: Work, folder: Path, on_progress: Callable[[float], object]
    ) -> list[Piece]:
        on_progress(0.4)
        while HELD in work.request.prompt:
            threading.Event().wait(0.02)
            on_progress(0.5)  # which ends it once a person has stopped it
        pieces: list[Piece] = []
        for aspect in work.request.aspects:
            path = folder / f"{aspect.replace(':', 'x')}.mp4"
            width, height = (side // 4 // 2 * 2 for side in SIZES[aspect])
            shots = len(work.request.moments or work.request.inputs) or 1
            _film(path, width, height, work.request.seconds, shots)
            share = work.request.seconds / shots
            sheet: list[dict[str, Any]] = [
                {
                    "shot": n + 1, "start": n * share, "end": (n + 1) * share, "shows": "clip",
                    "source": f"shot {n + 1}", "synthetic": [],
                }
                for n in range(shots)
            ]  # fmt: skip
            sheet.append({"part": "music", "source": "", "text": "calm", "synthetic": ["music"]})
            pieces.append(Piece(path, aspect, work.request.seconds, sheet=sheet))
        return pieces


class Finished:
    """Copies a film in place of signing it."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __call__(self, job: GenerationJob, piece: Piece, target: Path) -> dict[str, Any]:
        if UGLY in job.request.prompt:
            raise Rejected("the picture does not move")
        target.write_bytes(piece.path.read_bytes())
        return {"c2pa": "valid, signer unknown", "watermark": f"{job.payload:08x}"}


def _film(path: Path, width: int, height: int, seconds: float, shots: int) -> None:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as film:
        stream: Any = film.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        count = round(seconds * 10)
        for number in range(count):
            picture = np.zeros((height, width, 3), np.uint8)
            picture[:, :, number * shots // count % 3] = 90
            picture[:, : width * number // count] += 60
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        film.mux(stream.encode(None))


if __name__ == "__main__":
    import tools.generate.finishing as finishing
    import tools.generate.providers.animatic as animatic

    animatic.Animatic, finishing.Finishing = Maker, Finished  # pyright: ignore

    from agent.settings import Settings
    from ui.web.server import serve

    serve(Settings.from_env())
