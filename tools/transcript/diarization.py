"""Speaker diarization: turns of unnamed speakers, and speaker labels of utterances.

The models run in a spawned child: sherpa-onnx ends the whole process on a model that it does not
know. A recording is processed in parts, whose speakers are then linked by their voices: as a whole,
an hour takes 0.9 GB, and more with every speaker.
"""

import os
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tools.audio.loudness import RATE, join_spans
from tools.errors import ProviderUnavailable, UnreadableMedia
from tools.media import Utterance
from tools.sandbox import Child

PART = 300
"""Seconds that are processed at once."""
VOICE = 30
"""Seconds of a speaker's longest turns for the voice embedding."""
LEAST = 0.3
"""Seconds of speech below which there is no turn."""
PAUSE = 0.5
"""Seconds of silence below which a turn goes on."""
SAME_VOICE = 0.5
"""Cosine distance below which two voices are one: the package's default."""
MOST = 0.6
"""Share of an utterance that its speaker covers, at least; another covers at most the rest."""
MODELS = ("segmentation", "embedding")
"""Folders with an ONNX file each: pyannote's, and one of WeSpeaker, 3D-Speaker or NeMo."""


class SpeakerTurn(NamedTuple):
    """Uninterrupted speech of one speaker, in seconds; speakers are numbers without an order."""

    start: float
    end: float
    speaker: int


@dataclass(frozen=True)
class SherpaDiarizer:
    """Diarization by sherpa-onnx: pyannote's segmentation and a speaker embedding."""

    models: Path
    threads: int
    name = "sherpa-onnx"

    def turns(self, sound: Path) -> Generator[float, None, list[SpeakerTurn]]:
        """Diarize raw samples (16 kHz, mono, 16 bit, little endian).

        Yields the share done, 0 to 1; returns the turns by time, which may overlap.
        ProviderUnavailable if the models cannot be used.
        """
        files = dict(zip(MODELS, map(str, _files(self.models)), strict=True))
        turns: list[SpeakerTurn] = []
        try:
            with Child() as child:
                function = "tools.transcript.diarization:diarize"
                for event in child.call(function, path=str(sound), threads=self.threads, **files):
                    if "progress" in event:
                        yield event["progress"]
                    else:
                        turns = [SpeakerTurn(*turn) for turn in event["turns"]]
        except UnreadableMedia as error:
            raise ProviderUnavailable(
                f"sherpa-onnx cannot use the models in {self.models} ({error}): "
                "run `cuepoint models pull speakers`"
            ) from error
        return turns


def missing_requirement(models: Path) -> str:
    """Advice on the package or models that are missing; empty if nothing is."""
    if find_spec("sherpa_onnx") is None:
        return "speaker labels need sherpa-onnx: pip install 'cuepoint[speakers]'"
    if len(_files(models / "speakers")) < len(MODELS):
        return "speaker labels need two models: cuepoint models pull speakers"
    return ""


def _files(models: Path) -> list[Path]:
    return [path for name in MODELS for path in sorted((models / name).glob("*.onnx"))[:1]]


def load_diarizer(name: str, models: Path, threads: int = 0) -> SherpaDiarizer | None:
    """Load a diarizer, with models in `models`/speakers and at most 4 threads.

    None for `none`, and for `auto` where a requirement is missing.
    """
    if name not in ("auto", "sherpa-onnx", "none"):
        raise ProviderUnavailable(f"no diarizer {name!r}; there are: auto, sherpa-onnx, none")
    advice = missing_requirement(models)
    if name == "sherpa-onnx" and advice:
        raise ProviderUnavailable(advice)
    if name == "none" or advice:
        return None
    # Each takes memory of the child, which is bounded: with 32, it hung.
    return SherpaDiarizer(models / "speakers", min(threads or os.cpu_count() or 1, 4))


def label_speakers(spoken: Sequence[Utterance], turns: Sequence[SpeakerTurn]) -> list[Utterance]:
    """Label utterances with speakers by their turns, `Speaker 1` first.

    An utterance that names its speaker keeps the name; one without a clear speaker gets none.
    """
    starts, ends = (np.array([turn[at] for turn in turns]) for at in (0, 1))
    speakers = np.array([turn.speaker for turn in turns], np.int64)
    names: dict[int, str] = {}
    result: list[Utterance] = []
    for utterance in spoken:
        length = utterance.end - utterance.start
        if not utterance.speaker and length > 0 and turns:
            overlap = np.minimum(ends, utterance.end) - np.maximum(starts, utterance.start)
            shares = np.bincount(speakers, overlap.clip(0)) / length
            best = int(shares.argmax())
            if shares[best] >= MOST and np.delete(shares, best).max(initial=0) <= 1 - MOST:
                name = names.setdefault(best, f"Speaker {len(names) + 1}")
                utterance = replace(utterance, speaker=name)
        result.append(utterance)
    return result


def diarize(path: str, segmentation: str, embedding: str, threads: int) -> Iterator[dict[str, Any]]:
    """Diarize, in the child: yield events with `progress`, 0 to 1, and a last one with `turns`."""
    sherpa: Any = import_module("sherpa_onnx")
    voice = sherpa.SpeakerEmbeddingExtractorConfig(embedding, num_threads=threads)
    clustering = sherpa.FastClusteringConfig(num_clusters=-1, threshold=SAME_VOICE)
    pyannote = sherpa.OfflineSpeakerSegmentationPyannoteModelConfig(segmentation)
    config = sherpa.OfflineSpeakerDiarizationConfig(
        segmentation=sherpa.OfflineSpeakerSegmentationModelConfig(pyannote, num_threads=threads),
        embedding=voice,
        clustering=clustering,
        min_duration_on=LEAST,
        min_duration_off=PAUSE,
    )
    total = os.path.getsize(path) // 2
    parts = max(1, -(-total // (PART * RATE)))
    bounds = [total * part // parts for part in range(parts + 1)]
    voices: list[list[tuple[float, float]]] = []  # one for each speaker of each part
    try:
        model = sherpa.OfflineSpeakerDiarization(config)
        if model.sample_rate != RATE:
            raise UnreadableMedia(f"made for {model.sample_rate} samples a second")
        for part, (first, last) in enumerate(pairwise(bounds), 1):
            samples, at = _samples(path, first, last), first / RATE
            # To whole windows: a turn in what pads the last one would end the process.
            whole = max(10, -(-len(samples) // RATE)) * RATE
            segments = model.process(np.pad(samples, (0, whole - len(samples))))
            # Not `sort_by_speaker`: it counts the speakers, but their numbers have gaps.
            spoken: dict[int, list[tuple[float, float]]] = {}
            for segment in segments.sort_by_start_time():
                start, end = at + segment.start, min(at + segment.end, last / RATE)
                if end - start >= LEAST:
                    spoken.setdefault(segment.speaker, []).append((start, end))
            voices += spoken.values()
            yield {"progress": part / parts}
        del model  # both at once would not fit where the embedding is a large one
        speakers = list(range(len(voices)))
        if parts > 1 and voices:
            speakers = _linked(path, voices, sherpa.SpeakerEmbeddingExtractor(voice), clustering)
    except RuntimeError as error:
        raise UnreadableMedia(" ".join(str(error).split())[:200]) from error
    by_speaker: dict[int, list[tuple[float, float]]] = {}
    for speaker, spans in zip(speakers, voices, strict=True):
        by_speaker.setdefault(speaker, []).extend(spans)
    turns = [
        (start, end, speaker)
        for speaker, spans in by_speaker.items()
        for start, end in join_spans(sorted(spans), PAUSE)
    ]
    yield {"turns": sorted(turns)}


def _samples(path: str, first: int, last: int) -> NDArray[np.float32]:
    # Read, not mapped: a mapped file that is cut ends the process.
    samples = np.fromfile(path, "<i2", last - first, offset=first * 2)
    return samples.astype(np.float32) / np.float32(32768)


def _linked(
    path: str, voices: Sequence[Sequence[tuple[float, float]]], extractor: Any, clustering: Any
) -> list[int]:
    """Speaker number of each voice, by clustering voice embeddings."""
    sherpa: Any = import_module("sherpa_onnx")
    rows: list[list[float]] = []
    for own in voices:
        stream, left = extractor.create_stream(), float(VOICE)
        for start, end in sorted(own, key=lambda turn: turn[0] - turn[1]):
            end = min(end, start + left)
            stream.accept_waveform(RATE, _samples(path, int(start * RATE), int(end * RATE)))
            left -= end - start
            if left <= 0:
                break
        stream.input_finished()
        rows.append(extractor.compute(stream))
    return sherpa.FastClustering(clustering)(np.array(rows, np.float32))
