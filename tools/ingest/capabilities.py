"""What a model may ask to be decoded for a question: the part of the toolbox of this package."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from tools.arguments import Second, VideoId
from tools.library import Library
from tools.media import Evidence
from tools.search.image_search import PictureSearch
from tools.store.evidence import of_frame, of_span

if TYPE_CHECKING:
    from tools.vision.ocr import TextReader


class SamplingCapabilities:
    """Sampling on demand in the videos of one library."""

    library: Library
    _pictures: PictureSearch
    _reads: Callable[[], TextReader | None] | None
    _reader: TextReader | None
    _guard: threading.Lock

    def _sampling_tools(self) -> list[Callable[..., Any]]:
        return [self.look_at, self.look_closer]

    def look_at(
        self,
        video: VideoId,
        seconds: Annotated[Second, Field(description="The moment, in seconds.")],
    ) -> list[Evidence]:
        """The picture on screen at one moment, with its colours and light."""
        from tools.store.frames import at

        frame = at(self.library, self.library.get(video).id, seconds)
        return [of_frame(self.library, frame)] if frame else []

    def look_closer(
        self,
        video: VideoId,
        start: Annotated[Second, Field(description="From this second on.")],
        end: Annotated[Second, Field(description="Before this second; 12 s later at most.")],
    ) -> list[Evidence | str]:
        """Look at a short span with several pictures a second, and read what they show.

        Use where the pictures so far are too far apart, and for what somebody does: a counter, a
        flash, a gesture. First comes the span as a whole, by which to cite what happens in it. The
        last line says so where the time did not suffice.
        """
        from tools.ingest.on_demand import sample_densely
        from tools.search.moment import moment

        id = self.library.get(video).id
        visual = self._pictures.visual if self.library.picture_vectors(id) else None
        with self._guard:
            if self._reader is None and self._reads:
                self._reader = self._reads()
        embedder = visual.embedder if visual else None
        left_out = sample_densely(self.library, id, start, end, self._reader, embedder)
        whole = of_span(self.library, id, start, max(end, start + 0.001))
        found = moment(self.library, id, start, max(end, start))
        return [whole, *found, *([left_out] if left_out else [])]
