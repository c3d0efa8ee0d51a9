"""Finishing: a made file is checked, marked, signed and read back before anyone sees it.

What a provider made stays as it came, for its own credentials are in it; ours is derived from it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.errors import UnreadableMedia
from tools.generate.job import GenerationJob
from tools.generate.jobs import INPUTS, Jobs
from tools.generate.providers import Piece
from tools.generate.runner import Rejected
from tools.library import Library
from tools.provenance.keys import keys_of
from tools.provenance.provenance import provenance
from tools.provenance.signing import Action, Ingredient, Made, SourceType, sign
from tools.provenance.watermark import read_watermark
from tools.sandbox import Child

LEAST_SHARE = 0.5
"""Share of the asked length below which a film is not what was asked for."""
PLAIN, STILL = 6.0, 0.02
"""Range of light, and mean change between pictures, in levels of 255, below which a film shows
nothing, or does not move."""
LABEL = "AI-generated"
MARKED = ".marked.mp4"
STRENGTHS = (1.0, 1.6, 2.5)
"""Strengths of the watermark, tried in turn until it is read back: the first is seen by nobody."""


class Finishing:
    """Check, mark, sign and read back the made files of one library's jobs."""

    def __init__(self, library: Library, jobs: Jobs) -> None:
        self._library, self._jobs = library, jobs

    def __call__(self, job: GenerationJob, piece: Piece, target: Path) -> dict[str, Any]:
        """Check, mark and sign a file as `target`; what was seen when it was read back.

        Rejected where it is not what was asked for; another error leaves nothing at `target`.
        """
        keys = keys_of(self._library.home, self._library.signing)
        marked = target.with_name(MARKED)
        try:
            with Child(writes=target.parent) as child:
                facts, source = _facts(piece, job, child), piece.path
                for strength in () if piece.watermarked else STRENGTHS:
                    self._mark(job, piece, marked, facts, strength, child)
                    source = marked
                    if read_watermark(marked) == job.payload:
                        break
            sign(source, target, self._made(job, piece), keys)
        finally:
            marked.unlink(missing_ok=True)
        found = provenance(target, self._library.signing.trust)
        if found.state not in ("valid, signer unknown", "trusted"):
            target.unlink()
            raise UnreadableMedia(f"what was signed does not hold: {found.state}")
        if found.watermark != f"{job.payload:08x}":
            target.unlink()
            raise Rejected("the watermark cannot be read back from it: its pictures are too plain")
        return {"c2pa": found.state, "watermark": found.watermark, "signer": found.signer}

    def _mark(
        self,
        job: GenerationJob,
        piece: Piece,
        marked: Path,
        facts: dict[str, Any],
        strength: float,
        child: Child,
    ) -> None:
        end: dict[str, Any] = {}
        for event in child.call(
            "tools.generate.marking:write_marked",
            path=str(piece.path.absolute()),
            target=str(marked.absolute()),
            payload=job.payload,
            fps=facts["video"]["fps"] or 25.0,
            duration=facts["duration"],
            strength=strength,
            label=LABEL if job.request.label else "",
        ):
            end = event
        if end["contrast"] < PLAIN:
            raise Rejected("nothing is to be seen in it")
        if end["movement"] < STILL:
            raise Rejected("the picture does not move")

    def _made(self, job: GenerationJob, piece: Piece) -> Made:
        """Manifest of how it was made, and of what."""
        request = job.request
        title = request.title or f"{request.kind.replace('_', ' ')} {job.id[:8]}"
        inputs = [
            Ingredient(self._jobs.folder(job.id) / INPUTS / name, name, "inputTo")
            for name in request.inputs
        ]
        software = f"{job.provider} {job.model}".strip()
        if not job.leaves_machine:
            sources = [
                Ingredient(self._library.original(video), self._library.get(video).title)
                for video in dict.fromkeys(one.video for one in request.moments)
            ]
            parts = [Ingredient(one.path, one.title) for one in inputs]
            kind = source_type(piece.sheet)
            actions = (Action("created", kind, software=software), Action("published"))
            return Made(title, actions, (*sources, *parts), job.payload)
        how = f"made by {software} from a prompt"
        if provenance(piece.path, self._library.signing.trust).state not in ("none", "tampered"):
            parent = Ingredient(piece.path, f"as {job.provider} made it", "parentOf")
            actions = (Action("opened", description=how), Action("transcoded"))
            return Made(title, actions, (parent,), job.payload)
        created = Action("created", "trainedAlgorithmicMedia", how, software)
        return Made(title, (created, Action("transcoded")), tuple(inputs), job.payload)


def source_type(sheet: Sequence[dict[str, Any]]) -> SourceType:
    """Kind of source of what was composed here, by the sheet of its shots."""
    made = {word for row in sheet for word in row.get("synthetic", ())}
    filmed = any(row.get("source") for row in sheet)
    if "voice" in made:
        return "compositeWithTrainedAlgorithmicMedia"
    if not filmed:
        return "digitalCreation"
    return "compositeSynthetic" if made else "composite"


def _facts(piece: Piece, job: GenerationJob, child: Child) -> dict[str, Any]:
    """Facts of a made file; Rejected for no film, and for one that is far too short."""
    try:
        (facts,) = child.call("tools.video.container:probe", path=str(piece.path.absolute()))
    except UnreadableMedia as error:
        raise Rejected("what came is no video") from error
    if not facts["video"]:
        raise Rejected("what came has no picture")
    if facts["duration"] < LEAST_SHARE * job.request.seconds:
        raise Rejected(
            f"it lasts {facts['duration']:.1f} s, and {job.request.seconds:g} s were asked for"
        )
    return facts
