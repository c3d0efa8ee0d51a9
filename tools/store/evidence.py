"""Evidence of stored rows: each with the picture that shows it and what its pixels measure.

Whoever holds a row makes its evidence here; an id is resolved only where nothing else is known.
"""

from collections.abc import Sequence

from tools import evidence as make
from tools.media import Evidence, Frame, Scene, ScreenText, Utterance
from tools.store.filmstrip import image_of
from tools.store.frames import attributes_at, attributes_of
from tools.store.store import Store


def of_words(store: Store, one: Utterance | ScreenText, score: float = 0.0) -> Evidence:
    """An utterance or a text on screen."""
    image = store.image_at(one.video, one.start, one.end)
    if isinstance(one, ScreenText):
        return make.of_screen(one, image, score)
    return make.of_speech(one, image, score)


def of_passage(store: Store, said: Sequence[Utterance]) -> Evidence:
    """Consecutive utterances as one quotation."""
    end = max(one.end for one in said)
    return make.of_passage(said, store.image_at(said[0].video, said[0].start, end))


def of_frame(store: Store, frame: Frame, score: float = 0.0) -> Evidence:
    """One kept frame."""
    look, scenes = attributes_at(store, frame.video, frame.seconds), store.scenes(frame.video)
    return make.of_frame(frame, look, score, scenes=scenes)


def of_span(store: Store, video: str, start: float, end: float, score: float = 0.0) -> Evidence:
    """The frames of [start, end) side by side; of an instant its one frame."""
    if end <= start:
        return of_frame(store, store.frame_at(video, start), score)
    look, image = attributes_of(store, video, start, end), image_of(store.frames(video), start, end)
    return make.of_span(video, start, end, look, image, score)


def of_scene(store: Store, scenes: Sequence[Scene], number: int, score: float = 0.0) -> Evidence:
    """One of a video's scenes, by its number from 1."""
    one = scenes[number - 1]
    look = attributes_of(store, one.video, one.start, one.end)
    return make.of_scene(one, number, len(scenes), look, score)
