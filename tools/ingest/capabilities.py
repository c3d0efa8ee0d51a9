"""Capabilities of the toolbox that decode for a question: sampling on demand."""

import threading
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field

from tools.arguments import Time, VideoId
from tools.ingest.on_demand import DenseSampler
from tools.library import Library
from tools.media import Evidence
from tools.search.image_search import PictureSearch
from tools.search.moment import moment
from tools.store.evidence import of_frame, of_span
from tools.store.frames import frame_near
from tools.store.stretches import second_in, span_in
from tools.vision.ocr import TextReader


class SamplingCapabilities:
    """Sampling on demand in the videos of one library."""

    library: Library
    pictures: PictureSearch
    _load_reader: Callable[[], TextReader | None]
    _guard: threading.Lock

    def _sampling_tools(self) -> list[Callable[..., Any]]:
        return [self.look_at, self.look_closer]

    def look_at(
        self,
        video: VideoId,
        seconds: Annotated[Time, Field(description="The moment: a second, or ISO local time.")],
    ) -> list[Evidence]:
        """The picture on screen at one moment, with its colours and light."""
        id = self.library.get(video).id
        frame = frame_near(self.library, id, second_in(self.library, id, seconds))
        return [of_frame(self.library, frame)] if frame else []

    def look_closer(
        self,
        video: VideoId,
        start: Annotated[Time, Field(description="From this second, or ISO local time, on.")],
        end: Annotated[Time, Field(description="Before this one; 12 s later at most.")],
    ) -> list[Evidence | str]:
        """Look at a short span with several pictures a second, and read what they show.

        Use where the pictures so far are too far apart, and for what somebody does: a counter, a
        flash, a gesture. First comes the span as a whole, by which to cite what happens in it. The
        last line says so where the time did not suffice.
        """
        id = self.library.get(video).id
        first, last = (bound or 0.0 for bound in span_in(self.library, id, start, end))
        with self._guard:  # so that it is loaded once
            reader = self._load_reader()
        embedder = self.pictures.embedder(id)
        incomplete = DenseSampler(self.library, id, reader, embedder).sample(first, last)
        whole = of_span(self.library, id, first, max(last, first + 0.001))
        found = moment(self.library, id, first, max(last, first))
        return [whole, *found, *([incomplete] if incomplete else [])]
