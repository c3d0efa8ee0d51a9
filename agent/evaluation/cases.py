"""Questions of one's own: JSON lines about one's own videos, and those of QVHighlights."""

from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from agent.evaluation.truth import ABSENT, ADJACENT, FOUND, Question, Span
from tools.errors import RefusedRequest

Window = tuple[float, float]


class Case(BaseModel):
    """One line of a file of one's own; a question without a truth has no answer."""

    video: str
    question: str = Field(min_length=1)
    truth: list[Window] = []
    answer: list[str] = []
    kind: str = "own"
    conversation: str | None = None


class Highlight(BaseModel):
    """One line of QVHighlights; what else stands in it is not needed."""

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
    talks: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        case = _line(line, f"{file}:{number}")
        if isinstance(case, Highlight):
            name, path = case.vid, (videos or file.parent) / f"{case.vid}.mp4"
            truth = _spans(name, case.relevant_windows, f"{file}:{number}")
            talk = f"line {number}"
            question = Question(case.query, (name,), "retrieval", truth)
        else:
            name, path = case.video, file.parent / case.video
            truth = _spans(name, case.truth, f"{file}:{number}")
            expect = FOUND if truth else ADJACENT if case.kind == ADJACENT else ABSENT
            talk = f"talk {case.conversation}" if case.conversation else f"line {number}"
            question = Question(
                case.question, (name,), case.kind, truth, tuple(case.answer), (), expect,
                talk, talk in talks,
            )  # fmt: skip
        if not path.is_file():
            raise RefusedRequest(f"{file}:{number}: there is no video {path}")
        talks.add(talk)
        files[name] = path
        questions.append(question)
    if not questions:
        raise RefusedRequest(f"{file} holds no questions")
    return questions, files


def _line(line: str, where: str) -> Case | Highlight:
    kind = Highlight if '"qid"' in line else Case
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        said = f"{field}: {first['msg']}" if field else first["msg"]
        raise RefusedRequest(f"{where}: {said}") from None


def _spans(video: str, windows: list[Window], where: str) -> tuple[Span, ...]:
    if bad := [window for window in windows if not 0 <= window[0] <= window[1] < float("inf")]:
        raise RefusedRequest(f"{where}: {bad[0]} is not a start and an end in seconds")
    return tuple(Span(video, start, end) for start, end in windows)
