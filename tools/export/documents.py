"""Documents by the name of their form: transcripts, chapters, edit lists, boards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tools.errors import RefusedRequest
from tools.evidence import MACHINE
from tools.export.board import to_board
from tools.export.board_picture import to_picture
from tools.export.chapter_lists import chapters_of, to_ffmetadata, to_webvtt, to_youtube
from tools.export.edit_lists import EditList, edit_list, to_edl, to_otio
from tools.export.fcpxml import to_fcpxml
from tools.export.files import file_name
from tools.export.moments import Cited, moments_of
from tools.library import Library
from tools.media import Chapter
from tools.transcript.asr import DRAFT
from tools.transcript.cues import TRANSCRIPTS

CHAPTERS: dict[str, Callable[[Sequence[Chapter]], str]] = {
    "chapters": to_youtube, "webvtt-chapters": to_webvtt, "ffmetadata": to_ffmetadata,
}  # fmt: skip
EDIT_LISTS: dict[str, Callable[[EditList], str]] = {
    "edl": to_edl, "fcpxml": to_fcpxml, "otio": to_otio,
}  # fmt: skip
BOARD, PICTURE = "board", "board-png"
OF_VIDEO = (*TRANSCRIPTS, *CHAPTERS)
"""Forms that tell of a video."""
OF_MOMENTS = (*EDIT_LISTS, BOARD, PICTURE)
"""Forms that tell of cited moments."""
_ENDINGS = {
    "chapters": " chapters.txt", "webvtt-chapters": " chapters.vtt", BOARD: ".html",
    PICTURE: ".png",
}  # fmt: skip
"""Endings of names that are not those of their form."""
_TYPES = {
    "vtt": "text/vtt", "webvtt-chapters": "text/vtt", "otio": "application/json",
    "fcpxml": "application/xml", BOARD: "text/html", PICTURE: "image/png",
}  # fmt: skip
"""Media types of forms that are no plain text."""


@dataclass(frozen=True)
class Document:
    """An export with a name for its file and its media type; text is UTF-8."""

    name: str
    media_type: str
    content: bytes


def of_video(library: Library, form: str, video: str) -> Document:
    """Transcript or chapters of a video; RefusedRequest where it has none."""
    title = library.get(video).title
    if form in CHAPTERS:
        return _document(form, title, CHAPTERS[form](chapters_of(library, video)))
    spoken = library.utterances(video)
    if not spoken:
        raise RefusedRequest(f"{title!r}: {library.silence(video)}")
    if any(utterance.source == DRAFT for utterance in spoken):
        title += f" ({MACHINE})"
    return _document(form, title, TRANSCRIPTS[form](spoken))


def of_moments(
    library: Library,
    form: str,
    cited: Sequence[Cited],
    title: str,
    answer: str = "",
) -> Document:
    """Edit list or board of cited evidence with its numbers; RefusedRequest without any."""
    if form == BOARD:
        return _document(form, title, to_board(library, cited, title, answer))
    if form == PICTURE:
        return _document(form, title, to_picture(library, cited, title, answer))
    edits = edit_list(library, moments_of(library, cited), title)
    return _document(form, title, EDIT_LISTS[form](edits))


def _document(form: str, title: str, content: str | bytes) -> Document:
    data = content.encode() if isinstance(content, str) else content
    name = file_name(title, _ENDINGS.get(form, f".{form}"))
    return Document(name, _TYPES.get(form, "text/plain"), data)
