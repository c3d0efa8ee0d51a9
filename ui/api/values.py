"""Types of the values that programs send, shared by the routes under `/api`."""

from typing import Annotated

from pydantic import Field, StringConstraints

Id = Annotated[str, StringConstraints(pattern="^[0-9a-f]{16}$")]
_LETTER = r"[0-9A-Za-z\u00c0-\u167f\u1681-\u1fff\u3040-\ud7ff\uf900-\ufefe]"
Text = Annotated[str, StringConstraints(pattern=rf"^[^\x00]*{_LETTER}[^\x00]*$")]
"""Text with a letter or digit in it; one pattern that all engines read alike."""
Ids = Annotated[list[Id], Field(max_length=1000)]
