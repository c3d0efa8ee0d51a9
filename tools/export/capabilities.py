"""Capabilities of the toolbox that make files."""

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from tools.arguments import Time, VideoId
from tools.export.clips import Clip, keep_clip
from tools.library import Library
from tools.store.stretches import second_in


class ExportCapabilities:
    """Files made of the videos of one library, kept in its own folder."""

    library: Library

    def _export_tools(self) -> list[Callable[..., Any]]:
        return [self.make_clip]

    def make_clip(
        self,
        video: VideoId,
        start: Annotated[Time, Field(description="From this second, or ISO local time, on.")],
        end: Annotated[Time, Field(description="Before this one; 10 minutes later at most.")],
    ) -> Clip:
        """Cut a span of a video into a file of its own (MP4; M4A where there is only sound).

        Use only when the person asks for a file. The clip is kept beside the video, in the library;
        nothing else is written, and nothing is replaced. Returns where it lies and its span.
        """
        one = self.library.get(video)
        first = second_in(self.library, one.id, start)
        return keep_clip(
            self.library, one, first, second_in(self.library, one.id, end, is_end=True)
        )
