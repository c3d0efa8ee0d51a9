"""Evidence of stored rows, each with its picture, colours and light.

Callers pass the rows that they have; an id is resolved only if nothing else is known.
"""

from collections.abc import Sequence

from tools import evidence as make
from tools.media import Evidence, Frame, Scene, ScreenText, Utterance
from tools.store.filmstrip import image_of
from tools.store.frames import attributes_at, attributes_of
from tools.store.store import Store


def of_words(store: Store, words: Utterance | ScreenText, score: float = 0.0) -> Evidence:
    """An utterance or a text on screen."""
    image = store.image_at(words.video, words.start, words.end)
    if isinstance(words, ScreenText):
        return make.of_screen(words, image, score)
    return make.of_speech(words, image, score)


def of_passage(store: Store, spoken: Sequence[Utterance]) -> Evidence:
    """Consecutive utterances as one quotation."""
    first, end = spoken[0], max(utterance.end for utterance in spoken)
    return make.of_passage(spoken, store.image_at(first.video, first.start, end))


def of_frame(store: Store, frame: Frame, score: float = 0.0) -> Evidence:
    """One kept frame."""
    seen, scenes = attributes_at(store, frame.video, frame.seconds), store.scenes(frame.video)
    return make.of_frame(frame, seen, score, scenes=scenes)


def of_span(store: Store, video: str, start: float, end: float, score: float = 0.0) -> Evidence:
    """Frames of [start, end) side by side; the one frame of an instant."""
    if end <= start:
        return of_frame(store, store.frame_at(video, start), score)
    seen, image = attributes_of(store, video, start, end), image_of(store.frames(video), start, end)
    return make.of_span(video, start, end, seen, image, score)


def of_scene(store: Store, scenes: Sequence[Scene], number: int, score: float = 0.0) -> Evidence:
    """One of a video's scenes, by its number from 1."""
    scene = scenes[number - 1]
    seen = attributes_of(store, scene.video, scene.start, scene.end)
    return make.of_scene(scene, number, len(scenes), seen, score)
