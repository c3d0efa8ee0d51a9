"""Evidence of stored rows, each with its picture, colours and light.

Callers pass the rows that they have; an id is resolved only if nothing else is known.
"""

from bisect import bisect_right
from collections.abc import Sequence

from tools import evidence as make
from tools.evidence import colour_facts, describe
from tools.media import Evidence, Frame, Scene, ScreenText, Utterance, evidence_id
from tools.store.filmstrip import image_of
from tools.store.frames import attributes_at, attributes_of
from tools.store.store import Store

FIRST_FRAME = 0.05
"""Seconds after a cut within which a frame is the first of its scene."""
SETTLES = 1.0
"""Seconds after which a text that comes into view stands as it was read, at most."""


def of_words(store: Store, words: Utterance | ScreenText, score: float = 0.0) -> Evidence:
    """An utterance or a text on screen."""
    if isinstance(words, Utterance):
        return of_passage(store, [words], score)
    settled = words.start + min(SETTLES, (words.end - words.start) / 2)
    return make.of_screen(words, store.image_at(words.video, settled, words.end), score)


def of_passage(store: Store, spoken: Sequence[Utterance], score: float = 0.0) -> Evidence:
    """Consecutive utterances as one quotation."""
    first, end = spoken[0], max(utterance.end for utterance in spoken)
    return make.of_passage(spoken, store.image_at(first.video, first.start, end), score)


def of_caption(store: Store, sound: Utterance, score: float = 0.0) -> Evidence:
    """A sound that a caption names; what made it is the caption's word."""
    span, text = (sound.video, sound.start, sound.end), f"caption: {sound.text}"
    id, image = evidence_id("sound", *span), store.image_at(*span)
    return Evidence(id, *span, "sound", text, image, score, sound.source)


def of_frame(store: Store, frame: Frame, score: float = 0.0) -> Evidence:
    """One kept frame; facts: `colours`, `brightness`, and `begins`, the scene that it begins."""
    facts = colour_facts(attributes_at(store, frame.video, frame.seconds))
    words, scenes = [describe(**facts)] if facts else [], store.scenes(frame.video)
    number = bisect_right(scenes, frame.seconds, key=lambda scene: scene.start)
    if number > 1 and frame.seconds - scenes[number - 1].start < FIRST_FRAME:
        facts["begins"] = number
        words.insert(0, f"a cut, scene {number} begins")
    span, text = (frame.video, frame.seconds, frame.seconds), ", ".join(words)
    return Evidence(frame.id, *span, "frame", text, frame.image, score, "picture", facts=facts)


def of_span(store: Store, video: str, start: float, end: float, score: float = 0.0) -> Evidence:
    """Frames of [start, end) side by side, with `colours` and `brightness`; one of an instant."""
    if end <= start:
        return of_frame(store, store.frame_at(video, start), score)
    id, image = evidence_id("frame", video, start, end), image_of(store.frames(video), start, end)
    facts = colour_facts(attributes_of(store, video, start, end))
    text = describe(**facts) if facts else ""
    return Evidence(id, video, start, end, "frame", text, image, score, "picture", facts=facts)


def of_scene(store: Store, scenes: Sequence[Scene], number: int, score: float = 0.0) -> Evidence:
    """One of a video's scenes, from 1; facts: `number`, `count`, `colours`, `brightness`."""
    scene, count = scenes[number - 1], len(scenes)
    span = scene.video, scene.start, scene.end
    seen = colour_facts(attributes_of(store, *span))
    text = f"scene {number} of {count}" + (f", {describe(**seen)}" if seen else "")
    facts = {"number": number, "count": count, **seen}
    return Evidence(scene.id, *span, "scene", text, scene.image, score, "cuts", facts=facts)
