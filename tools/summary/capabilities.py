"""Capabilities of the toolbox that summarise a video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.arguments import VideoId
from tools.media import Evidence
from tools.store.store import Store
from tools.summary.digest import About, brief


class SummaryCapabilities:
    """Summaries of the videos of one store."""

    _store: Store

    def _summary_tools(self) -> list[Callable[..., Any]]:
        return [self.summarize_video]

    def summarize_video(self, video: VideoId, about: About = "overview") -> list[Evidence | str]:
        """A video in short: what it is about, its chapters, its key events, its highlights.

        Use for questions about the whole. Lines without a label were written of it before.
        """
        return brief(self._store, self._store.get(video).id, about)
