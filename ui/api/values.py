"""Types of the values that programs send, shared by the routes under `/api`."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

from fastapi import HTTPException
from pydantic import Field, StringConstraints

from tools.errors import RefusedRequest

Id = Annotated[str, StringConstraints(pattern="^[0-9a-f]{16}$")]
_LETTER = r"[0-9A-Za-z\u00c0-\u167f\u1681-\u1fff\u3040-\ud7ff\uf900-\ufefe]"
Text = Annotated[str, StringConstraints(pattern=rf"^[^\x00]*{_LETTER}[^\x00]*$")]
"""Text with a letter or digit in it; one pattern that all engines read alike."""
Ids = Annotated[list[Id], Field(max_length=1000)]
_SHARE = r"(0|1|0\.[0-9]{1,12})"
Region = Annotated[str, StringConstraints(pattern=rf"^{_SHARE},{_SHARE},{_SHARE},{_SHARE}$")]
"""Left, top, right, bottom as shares of the picture."""

Time = Annotated[str, StringConstraints(max_length=40)]
"""Seconds of a video, [H:]MM:SS, or a time by the clock of the recording, in ISO 8601."""


@contextmanager
def conflicts() -> Generator[None]:
    """Answer 409 for what is asked as it should be, and does not go with what is there."""
    try:
        yield
    except RefusedRequest as error:
        raise HTTPException(409, str(error)) from error
