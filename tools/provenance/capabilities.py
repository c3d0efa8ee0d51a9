"""Capabilities of the toolbox on where files come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.arguments import VideoId
from tools.media import Evidence
from tools.provenance.evidence import of_provenance, provenance_of
from tools.provenance.identity import Signing
from tools.store.store import Store


class ProvenanceCapabilities:
    """Origin of the videos of one store, as their files tell it."""

    _store: Store
    signing: Signing

    def _provenance_tools(self) -> list[Callable[..., Any]]:
        return [self.read_provenance]

    def read_provenance(self, video: VideoId) -> list[Evidence]:
        """Read what a video's file says of its origin: credentials (C2PA), watermark, notes.

        Use for "is this AI-generated?", "is it real?", "who made it?", "is it signed?". Tell what
        it says and no more: neither the lack of credentials nor the pictures prove anything.
        """
        known = self._store.get(video)
        found = provenance_of(self._store, known.id, self.signing.trust)
        return [of_provenance(self._store, known, found)]
