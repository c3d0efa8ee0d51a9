"""Stages of indexing, in order; each is a function over one run.

A stage writes finished files into `IngestRun.folder` and lists them in its result. Everything that
decides its outcome is in its fingerprint, so that a change redoes this stage only.
"""

from tools.ingest.run import Step
from tools.ingest.stages.audio import (
    audio_events,
    event_sources,
    sound,
    speakers,
    speech,
    speech_sources,
    turn_sources,
)
from tools.ingest.stages.embeddings import crop_sources, crops, picture_sources, pictures
from tools.ingest.stages.picture import decode_pass, keyframes
from tools.ingest.stages.probe import probe, sidecar_stamps, subtitles
from tools.ingest.stages.provenance import provenance
from tools.ingest.stages.text import screen, screen_sources, text_sources, vectors
from tools.ingest.stages.tracking import sighting_sources, sightings
from tools.ingest.stages.wall_clock import clock_sources, wall_clock
from tools.store.records import EVENTS, HEARD, READ, SIGHTINGS, SIGNS, SOUNDS, SUBTITLES
from tools.vision.sampling import FLOOR_SECONDS

SUBTITLE_FILES = SUBTITLES, SIGNS, SOUNDS
STAGE: dict[str, Step] = {
    "probe": Step(probe, lambda run: 4),
    "subtitles": Step(subtitles, lambda run: [5, sidecar_stamps(run)], SUBTITLE_FILES),
    "keyframes": Step(keyframes, lambda run: 3),
    "pass": Step(decode_pass, lambda run: [6, run.sampling, FLOOR_SECONDS, run.max_gap]),
    "provenance": Step(provenance, lambda run: 1),
    "sound": Step(sound, lambda run: 3),
    "audio_events": Step(audio_events, event_sources, (EVENTS,)),
    "screen": Step(screen, screen_sources, (READ,)),
    "clock": Step(wall_clock, clock_sources),
    "pictures": Step(pictures, picture_sources),
    "speech": Step(speech, speech_sources, (HEARD,)),
    "speakers": Step(speakers, turn_sources),
    "sightings": Step(sightings, sighting_sources, (SIGHTINGS,)),
    "crops": Step(crops, crop_sources),
    "vectors": Step(vectors, text_sources),
}
"""Stages by name, in the order of `tools.store.store.STAGES`."""
