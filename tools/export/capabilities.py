"""Capabilities of the toolbox that make files."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from tools.arguments import Second, VideoId
from tools.export.clips import Clip, keep_clip
from tools.library import Library


class ExportCapabilities:
    """Files made of the videos of one library, kept in its own folder."""

    library: Library

    def _export_tools(self) -> list[Callable[..., Any]]:
        return [self.make_clip]

    def make_clip(
        self,
        video: VideoId,
        start: Annotated[Second, Field(description="From this second on.")],
        end: Annotated[Second, Field(description="Before this second; 10 minutes later at most.")],
    ) -> Clip:
        """Cut a span of a video into a file of its own (MP4; M4A where there is only sound).

        Use only when the person asks for a file. The clip is kept beside the video, in the library;
        nothing else is written, and nothing is replaced. Returns where it lies and its span.
        """
        return keep_clip(self.library, self.library.get(video), start, end)
