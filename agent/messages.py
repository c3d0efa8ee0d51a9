"""Plain data of ours that travels beside a message's text; no server is sent it.

With the question a model is given `question`, `videos` (ids; empty for all), `seen`, `handles` and
`calls` (tool calls left). With its answer a model of ours gives `found`, and may give `nearest`
(labels, best first), `remarks` (sentences about the search, which claim nothing) and `plan` (how
it understood the question); with its tool calls it gives `scope`, the videos that the question
began with. Every answer of the conversation carries
`found`, `claims`, `evidence` and `nearest` (handles), and the `plan` where there is one.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

KEY = "cuepoint"
"""Key of the data in a message's `additional_kwargs`."""
FAULTS = {"faults": True}
"""Data of the message that lists a model's unsupported claims: it is no question."""


def metadata(message: "BaseMessage") -> dict[str, Any]:
    """The data of a message; empty if it has none."""
    return message.additional_kwargs.get(KEY, {})
