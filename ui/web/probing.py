"""Files from outside, looked into before they are kept."""

import shutil
from pathlib import Path

from tools.errors import RefusedRequest, UnreadableMedia
from tools.files.durable import temporary_folder
from tools.sandbox import Child
from tools.transcript import given


def read_subtitles(part: Path, name: Path) -> bytes:
    """Content of a subtitle file; RefusedRequest if none can be read in it."""
    with temporary_folder(part.parent, "reading-") as folder:
        path = folder / name
        shutil.copyfile(part, path)
        try:
            given.check(path, name.stem)
        except UnreadableMedia as error:
            raise RefusedRequest(str(error)) from error
        return path.read_bytes()


def check_video(part: Path) -> None:
    """UnreadableMedia unless it can be read as a video, whatever its name or declared type."""
    with Child() as child:
        if not any(True for _ in child.call("tools.video.container:probe", path=str(part))):
            raise UnreadableMedia("this file holds no video that can be read")
