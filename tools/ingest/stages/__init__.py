"""The steps of indexing, in order. Each is a small function over one video and its scratch folder.

A stage writes finished files with `Work.folder` as their home and names them in its result; what
decides its outcome stands in its fingerprint, so that a change redoes this stage only.
"""

from tools.ingest.stages.audio import sound, speakers, speech, speech_sources, turn_sources
from tools.ingest.stages.embeddings import picture_sources, pictures
from tools.ingest.stages.picture import decode_pass, keyframes
from tools.ingest.stages.probe import probe, sidecar_stamps, subtitles
from tools.ingest.stages.step import Result, Step
from tools.ingest.stages.text import screen, text_sources, vectors
from tools.store.records import HEARD, READ, SUBTITLES
from tools.vision.sampling import FLOOR_SECONDS

__all__ = ["STAGE", "Result", "Step"]

STAGE: dict[str, Step] = {
    "probe": Step(probe, lambda work: 1),
    "subtitles": Step(subtitles, lambda work: [2, sidecar_stamps(work)], SUBTITLES),
    "keyframes": Step(keyframes, lambda work: 1),
    "pass": Step(decode_pass, lambda work: [2, work.sampling, FLOOR_SECONDS]),
    "sound": Step(sound, lambda work: 1),
    "screen": Step(screen, lambda work: [2, work.providers.text_reader, work.sampling], READ),
    "pictures": Step(pictures, picture_sources),
    "speech": Step(speech, speech_sources, HEARD),
    "speakers": Step(speakers, turn_sources),
    "vectors": Step(vectors, text_sources),
}
"""The order is that of tools.library.STAGES."""
