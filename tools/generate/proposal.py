"""Proposals: a request is completed, judged, priced and kept for a person to decide on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.errors import RefusedRequest
from tools.export.clips import LONGEST as LONGEST_CLIP
from tools.export.clips import cut_clip
from tools.export.moments import Moment as Shown
from tools.export.moments import best_moments, moment_of
from tools.files.durable import temporary_folder
from tools.generate.generators import Generators
from tools.generate.job import GenerationJob
from tools.generate.jobs import Jobs, new_id
from tools.generate.moderation import Moderation
from tools.generate.request import LONGEST, Aspect, GenerationRequest, Kind, Moment
from tools.library import Library
from tools.media import Evidence
from tools.vision.user_image import small_jpeg

TEXT, SENTENCES, PICTURES = 2000, 12, 6
"""Characters of a prompt, sentences of a script, and pictures, at most."""
SHORTEST = 1.0
NEEDS: dict[Kind, str] = {
    "image_to_video": "a picture, or a frame that was cited",
    "video_to_video": "a moment of a video",
    "teaser": "a video with something in it, or cited moments",
    "captions": "a moment of a video",
    "narration": "a moment of a video, and a script",
    "ad": "a picture of the product",
}
"""What a kind cannot do without."""


@dataclass(frozen=True)
class Draft:
    """A request as it was asked for; what is left open is chosen here."""

    prompt: str
    kind: Kind | None = None
    seconds: float | None = None
    aspects: tuple[Aspect, ...] = ()
    moments: tuple[str, ...] = ()
    """Ids of evidence."""
    videos: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()
    script: tuple[str, ...] = ()
    title: str = ""
    language: str = "en"
    provider: str = ""
    count: int = 0
    """Moments of a teaser, where a number is asked for; 0 for as many as fit."""
    asked_by: str = ""
    thread: str = ""


@dataclass
class Proposer:
    """Makes proposals from drafts, for one library. Blocks."""

    library: Library
    jobs: Jobs
    generators: Generators
    moderation: Moderation
    label: bool = False

    def propose(self, draft: Draft) -> GenerationJob:
        """Keep a job that a person may approve; it is `refused` where moderation says so.

        RefusedRequest where something is missing that no choice can fill.
        """
        if not draft.prompt.strip() or len(draft.prompt) > TEXT or len(draft.title) > 120:
            raise RefusedRequest(f"say in {TEXT} characters at most what is to be made")
        if len(draft.script) > SENTENCES or sum(map(len, draft.script)) > TEXT:
            raise RefusedRequest(f"a script has {SENTENCES} sentences at most")
        seconds = draft.seconds or 0.0
        if seconds and not SHORTEST <= seconds <= LONGEST:
            raise RefusedRequest(f"it may last from {SHORTEST:g} to {LONGEST:g} seconds")
        evidence = [self.library.evidence(id) for id in dict.fromkeys(draft.moments)]
        kind = draft.kind or _kind(draft, evidence)
        seconds = seconds or (15.0 if kind == "ad" else 10.0 if kind == "teaser" else 6.0)
        moments = self._moments(kind, draft, evidence, seconds)
        inputs = self._inputs(kind, draft, evidence, moments)
        if kind in NEEDS and not (inputs if kind in ("image_to_video", "ad") else moments):
            raise RefusedRequest(f"this needs {NEEDS[kind]}")
        generator = self.generators.choose(kind, draft.provider)
        request = GenerationRequest(
            kind, " ".join(draft.prompt.split()), seconds, _aspects(kind, draft, generator.local),
            moments, tuple(inputs), draft.script, draft.title, draft.language, label=self.label,
            seed=int(new_id()[:6], 16),
        )  # fmt: skip
        verdict = self.moderation.judge(request, inputs)
        job = GenerationJob(
            id=new_id(),
            state="refused" if verdict.verdict == "refused" else "proposed",
            request=request,
            provider=generator.name,
            model=generator.model,
            price_usd=generator.price(request),
            leaves_machine=tuple(generator.leaves(request)),
            moderation=verdict,
            notes=self._notes(kind, draft, generator.local),
            asked_by=draft.asked_by,
            thread=draft.thread,
            error="; ".join(verdict.told()) or None,
        )
        return self.jobs.add(job, {} if job.over else inputs)

    def _moments(
        self, kind: Kind, draft: Draft, evidence: Sequence[Evidence], seconds: float
    ) -> tuple[Moment, ...]:
        if kind in ("ad", "image_to_video"):
            return ()
        shown = [moment_of(self.library.get(one.video), one) for one in evidence]
        if kind == "teaser" and not shown:
            videos = [self.library.get(id) for id in draft.videos] or self.library.list()[:1]
            shown = best_moments(self.library, videos, seconds, draft.count)
        return tuple(
            Moment(one.evidence.video, round(one.start, 3), round(one.end, 3), self._told(one))
            for one in shown
            if one.evidence.kind != "video"
        )

    def _told(self, shown: Shown) -> str:
        """Id of what is said in a moment that is a picture; its own where nobody speaks."""
        one = shown.evidence
        if one.kind in ("frame", "scene"):
            for said in self.library.utterances(one.video):
                if (
                    min(said.end, shown.end) - max(said.start, shown.start)
                    > (said.end - said.start) / 2
                ):
                    return said.id
        return one.id

    def _inputs(
        self, kind: Kind, draft: Draft, evidence: Sequence[Evidence], moments: Sequence[Moment]
    ) -> dict[str, bytes]:
        """Files that travel with a request: pictures made anew, which carry nothing but pixels."""
        if len(draft.pictures) > PICTURES:
            raise RefusedRequest(f"{PICTURES} pictures at most")
        found = {f"{n}.jpg": small_jpeg(path) for n, path in enumerate(draft.pictures, 1)}
        if kind in ("image_to_video", "ad") and not found:
            frames = [one.image for one in evidence if one.image]
            found = {
                f"{n}.jpg": small_jpeg(self.library.picture(image))
                for n, image in enumerate(frames[:PICTURES], 1)
            }
        if kind == "video_to_video" and moments:
            first = moments[0]
            if first.end - first.start > LONGEST_CLIP:
                raise RefusedRequest(f"a moment of {LONGEST_CLIP:g} seconds at most")
            with temporary_folder(self.library.root, ".clip-") as folder:
                video = self.library.get(first.video)
                cut_clip(self.library, video, first.start, first.end, folder / "1.mp4")
                found = {"1.mp4": (folder / "1.mp4").read_bytes()}
        return found

    def _notes(self, kind: Kind, draft: Draft, local: bool) -> tuple[str, ...]:
        notes: list[str] = []
        if local and kind in ("text_to_video", "image_to_video") and not draft.provider:
            notes.append("drawn")
        if not local:
            notes.append("pictures_unchecked")
        return tuple(notes)


def _kind(draft: Draft, evidence: Sequence[Evidence]) -> Kind:
    """The kind of a request that names none, by what is given with it."""
    if draft.pictures:
        return "ad" if draft.script else "image_to_video"
    if evidence or draft.videos:
        return "narration" if draft.script and evidence else "teaser"
    return "text_to_video"


def _aspects(kind: Kind, draft: Draft, local: bool) -> tuple[Aspect, ...]:
    """Formats: what is paid for is made in one."""
    every: tuple[Aspect, ...] = ("16:9", "9:16", "1:1")
    asked = tuple(dict.fromkeys(draft.aspects)) or (every if kind == "ad" else every[:1])
    return asked if local else asked[:1]
