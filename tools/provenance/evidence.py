"""Evidence of a file's origin, and its words: told as what the file says."""

from dataclasses import replace
from pathlib import Path

from tools.errors import UnreadableMedia
from tools.media import Evidence, Video, evidence_id
from tools.provenance.credentials import PREFIX
from tools.provenance.provenance import UNREAD, Provenance, as_row, of_row, provenance
from tools.store.manifest import Manifest
from tools.store.store import Store

STAGE = "provenance"
"""Stage that keeps what was read, and the field of its entry in the manifest."""
NUMBER = 2
"""Number of this evidence among those of a whole video: the first is its facts."""
SOURCES = {
    "trainedAlgorithmicMedia": "made by a generative AI model",
    "compositeWithTrainedAlgorithmicMedia": "composed, in part by a generative AI model",
    "compositeSynthetic": "composed of parts, at least one of them synthetic",
    "algorithmicMedia": "made by a program, without a trained model",
    "algorithmicallyEnhanced": "enhanced by a program",
    "digitalCapture": "recorded by a camera",
    "computationalCapture": "recorded by a camera and computed from several exposures",
    "screenCapture": "recorded from a screen",
    "digitalCreation": "made by a person with a program",
    "humanEdits": "edited by a person",
    "composite": "composed of several parts",
}
"""IPTC's codes of digital source types in words."""
_STATES = {
    "none": "The file carries no content credentials.",
    "valid, signer unknown": "It carries content credentials that hold, by a signer that nobody "
    "here vouches for: {signer}.",
    "trusted": "It carries content credentials that hold, by a trusted signer: {signer}.",
    "tampered": "It carries content credentials that do not hold: the file was changed after it "
    "was signed.",
}


def words(one: Provenance) -> list[str]:
    """Sentences: the state, what the credentials say, the watermark, the container's own words.

    Those that an answer says too are the same ones there (`agent/extractive/languages/en.toml`).
    """
    steps = ", ".join(step.name.removeprefix(PREFIX) for step in one.actions)
    parts = ", ".join(source.title for source in one.ingredients)
    told = [
        "" if UNREAD in one.problems else _STATES[one.state].format(signer=one.signer),
        one.made_by and f"The credentials say that it was made with {one.made_by}.",
        *(f"The credentials say: {SOURCES.get(code, code)}." for code in one.source_types),
        steps and f"The credentials list these steps: {steps}.",
        parts and f"The credentials name what went into it: {parts}.",
        one.watermark and f"Its pictures carry a watermark of Cuepoint, {one.watermark}.",
        *(f"The file was written by {e.value}." for e in one.signals if e.name == "encoder"),
    ]
    for note in (signal for signal in one.signals if signal.name != "encoder"):
        value = note.value.replace('"', "'")
        told.append(f'A note in the file ({note.name}) says: "{value}".')
    told += [f"{why[:1].upper()}{why[1:]}." for why in one.problems if " " in why]
    return [line for line in told if line]


def kept(store: Store, video: str) -> Provenance | None:
    """Provenance of a video as its stage read it; None of what an older release indexed."""
    row: Manifest | None = store.manifest(video)["stages"].get(STAGE, {}).get(STAGE)
    return of_row(row) if row else None


def provenance_of(store: Store, video: str, trust: Path | None) -> Provenance:
    """Provenance of a video: as it was kept, else read now.

    Whom a person trusts may have changed since: a signature by somebody unknown is looked at again.
    UnreadableMedia where it is not kept, and the file is gone.
    """
    found = kept(store, video)
    if found and (trust is None or found.state != "valid, signer unknown"):
        return found

    def read() -> Provenance:
        return provenance(store.original(video), trust)

    try:
        stamp = trust.stat().st_mtime_ns if trust and trust.exists() else 0
        return store.cached(video, f"provenance {trust} {stamp}", read)
    except UnreadableMedia:
        if found is None:
            raise
        return found


def is_of_provenance(id: str) -> bool:
    """True for the id of evidence of a video's provenance."""
    return id.startswith("video:") and id.endswith(f"#{NUMBER}")


def of_provenance(store: Store, video: Video, found: Provenance) -> Evidence:
    """Evidence of a video's provenance, with it as facts."""
    facts = store.facts(video.id)
    id = evidence_id("video", video.id, 0.0, video.duration, NUMBER)
    return replace(facts, id=id, text=" ".join(words(found)), facts=as_row(found))
