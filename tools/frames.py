"""Frames of a video by a sampling strategy; pictures that are missing are decoded and kept."""

import shutil
from pathlib import Path

from tools.files import lock, sync_folder
from tools.library import Library
from tools.media import Frame
from tools.sampling import Strategy, choose
from tools.sandbox import Child


def sample(
    library: Library,
    video: str,
    strategy: Strategy,
    *,
    count: int | None = None,
    start: float = 0.0,
    end: float | None = None,
) -> list[Frame]:
    """The frames that a strategy keeps within [start, end), by time, each with its reason."""
    if library.get(video).width is None:
        return []
    scenes = [(scene.start, scene.end) for scene in library.scenes(video)]
    chosen = choose(
        strategy,
        library.signals(video),
        scenes,
        count=count,
        start=start,
        end=float("inf") if end is None else end,
    )
    frames = [Frame(video, round(at, 6), _image(video, at), reason) for at, reason in chosen]
    missing = [frame for frame in frames if not library.image_path(frame.image).exists()]
    if missing:
        decode(library, video, [frame.seconds for frame in missing])
    return [frame for frame in frames if library.image_path(frame.image).exists()]


def decode(library: Library, video: str, seconds: list[float]) -> None:
    """Decode the frames on screen at these times into the video's folder of pictures."""
    folder = library.folder(video)
    source = library.original(video)
    with lock(folder / "lock"), Child() as child:
        scratch = folder / "scratch"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        try:
            for event in child.call(
                "tools.video.pictures:pictures",
                path=str(source),
                target=str(scratch),
                seconds=seconds,
            ):
                if "frame" in event:
                    picture = scratch / event["frame"]["name"]
                    picture.replace(folder / "frames" / picture.name)
            sync_folder(folder / "frames")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)


def _image(video: str, seconds: float) -> str:
    return str(Path("videos", video, "frames", f"{round(seconds * 1000):09d}.jpg"))
