"""Test cases from a file: JSON lines about a user's own videos, or those of QVHighlights."""

import math
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from agent.evaluation.ground_truth import Question, VideoSpan
from tools.errors import RefusedRequest

Window = tuple[float, float]


class OwnCase(BaseModel):
    """One line of a user's file; a question without a truth has no answer."""

    video: str
    question: str = Field(min_length=1)
    truth: list[Window] = []
    answer: list[str] = []
    kind: str = "own"
    conversation: str | None = None
    facts: list[tuple[str, ...]] = []


class QVHighlightsCase(BaseModel):
    """One line of QVHighlights; its other fields are ignored."""

    qid: int | str
    query: str = Field(min_length=1)
    vid: str
    relevant_windows: list[Window] = Field(min_length=1)


def read_cases(file: Path, videos: Path | None = None) -> tuple[list[Question], dict[str, Path]]:
    """The questions of a file, and the videos by name; RefusedRequest names file and line.

    A video's path is relative to the file. Those of QVHighlights are `<vid>.mp4` in `videos`.
    """
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedRequest(f"{file} cannot be read: {error}") from None
    questions: list[Question] = []
    files: dict[str, Path] = {}
    conversations: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        case = _parse(line, where)
        conversation = f"line {number}"
        if isinstance(case, QVHighlightsCase):
            name, path = case.vid, (videos or file.parent) / f"{case.vid}.mp4"
            truth = _spans(name, case.relevant_windows, where)
            question = Question(case.query, (name,), "retrieval", truth)
        else:
            name, path = case.video, file.parent / case.video
            truth = _spans(name, case.truth, where)
            unanswered = case.kind if case.kind in ("adjacent", "outside", "cannot") else "absent"
            expect = "found" if truth else unanswered
            if case.conversation:
                conversation = f"talk {case.conversation}"
            question = Question(
                case.question, (name,), case.kind, truth, tuple(case.answer), (), expect,
                conversation, conversation in conversations, tuple(case.facts),
            )  # fmt: skip
        if not path.is_file():
            raise RefusedRequest(f"{where}: there is no video {path}")
        conversations.add(conversation)
        files[name] = path
        questions.append(question)
    if not questions:
        raise RefusedRequest(f"{file} holds no questions")
    return questions, files


def _parse(line: str, where: str) -> OwnCase | QVHighlightsCase:
    model = QVHighlightsCase if '"qid"' in line else OwnCase
    try:
        return model.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        message = f"{field}: {first['msg']}" if field else first["msg"]
        raise RefusedRequest(f"{where}: {message}") from None


def _spans(video: str, windows: list[Window], where: str) -> tuple[VideoSpan, ...]:
    for start, end in windows:
        if not 0 <= start <= end < math.inf:
            raise RefusedRequest(f"{where}: {(start, end)} is not a start and an end in seconds")
    return tuple(VideoSpan(video, start, end) for start, end in windows)
