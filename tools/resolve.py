"""What an evidence id stands for, in a library."""

from typing import TYPE_CHECKING

from tools import evidence as make
from tools.audio.loudness import describe_sound
from tools.errors import UnknownVideo
from tools.media import Evidence
from tools.search.motion import of_movement
from tools.store.filmstrip import frames_of, strip_name
from tools.store.records import HEARD, READ, SUBTITLES
from tools.summary.titles import of_chapter

if TYPE_CHECKING:
    from tools.library import Library


def resolve(library: "Library", id: str) -> Evidence:
    """The evidence of an id, also of words replaced since; UnknownVideo when it is gone."""
    parsed = make.parse_id(id)
    if parsed is None:
        raise UnknownVideo(f"{id!r} is not an evidence id")
    kind, video, start, end = parsed
    found: Evidence | None = None
    match kind:
        case "frame":
            found = _frame(library, id, video, start, end)
        case "video":
            found = library.facts(video)
        case "scene":
            found = (
                of_chapter(library, video, start, end)
                if id.endswith(f"#{make.CHAPTER}")
                else _scene(library, id, video)
            )
        case "speech":
            found = _speech(library, id, video, start, end)
        case "screen":
            found = _screen(library, id, video)
        case _:
            pass
    if found is None:
        raise UnknownVideo(f"{id!r} is no longer in the library")
    return found


def _frame(library: "Library", id: str, video: str, start: float, end: float) -> Evidence:
    """A picture, or a span of them, its sound or its movement."""
    if end <= start:
        look, scenes = library.look_at(video, start), library.scenes(video)
        return make.of_frame(library.frame_at(video, start), look, scenes=scenes)
    image = library.image_at(video, start, end)
    if id.endswith(f"#{make.HEARD}"):
        heard = describe_sound(library.signals(video, "sound"), start, end)
        return make.of_sound(video, start, end, heard, image)
    if id.endswith(f"#{make.MOVED}"):
        return of_movement(library, video, start, end)
    if len(frames_of(library, video, start, end)) > 1:
        image = strip_name(video, start, end)
    return make.of_span(id, video, start, end, library.look_of(video, start, end), image)


def _scene(library: "Library", id: str, video: str) -> Evidence | None:
    scenes = library.scenes(video)
    for number, one in enumerate(scenes, 1):
        if one.id == id:
            look = library.look_of(video, one.start, one.end)
            return make.of_scene(one, number, len(scenes), look)
    return None


def _speech(library: "Library", id: str, video: str, start: float, end: float) -> Evidence | None:
    """An utterance, or a passage of several."""
    past = (library.past_words(video, file) for file in (HEARD, SUBTITLES))
    heard = [library.utterances(video), *past]
    for one in (one for words in heard for one in words):
        if one.id == id:
            return make.of_speech(one, library.image_at(video, one.start, one.end))
    for words in heard:
        if whole := make.passage(words, start, end):
            return make.of_passage(whole, library.image_at(video, start, end))
    return None


def _screen(library: "Library", id: str, video: str) -> Evidence | None:
    for one in (*library.screen_text(video), *library.past_words(video, READ)):
        if one.id == id:
            return make.of_screen(one, library.image_at(video, one.start, one.end))
    return None
