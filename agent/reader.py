"""Answers of a language model in one call: it reads what the rules retrieved, and calls no tool.

For models that call tools badly or not at all, and where an answer has to be quick and cheap.
"""

import json
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage

from agent.llm.tokens import message_tokens
from agent.turn import Turn
from prompts import render

PASSAGES = 14
"""Pieces of evidence that are read, at most."""
FORMAT: dict[str, Any] = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "schema": {
            "type": "object",
            "properties": {
                "found": {"type": "boolean"},
                "sentences": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {
                            "text": {"type": "string"},
                            "labels": {"type": "array", "items": {"type": "string"}},
                        },
                        "required": ["text", "labels"],
                        "additionalProperties": False,
                    },
                },
            },
            "required": ["found", "sentences"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}
"""Reply that a server is asked for; one that knows no schemas is asked in words alone."""


def reading(
    turn: Turn, results: Sequence[AnyMessage], seen: Sequence[str], handles: Sequence[str]
) -> tuple[list[AnyMessage], int]:
    """The prompt of the call, and its tokens: the best of each search, by video and time."""
    groups = [list(m.artifact or ()) for m in results if isinstance(m, ToolMessage)]
    ids: dict[str, None] = {}
    for place in range(max(map(len, groups), default=0)):
        ids |= dict.fromkeys(group[place] for group in groups if place < len(group))
    records = [record for id in list(ids)[:PASSAGES] if (record := turn.records.get(id))]
    records.sort(key=lambda record: (record.video, record.start))
    evidence, _ = turn.belt.format_results(records, list(seen))
    turn.load(handles)
    shown = turn.belt.shown_lines(handles, turn.records)
    text = render("reader", shown=shown, evidence=evidence, question=turn.question)
    asked: list[AnyMessage] = [HumanMessage(text)]
    taken = message_tokens(asked)
    if turn.sheets and turn.meter:
        results = [ToolMessage("", artifact=[one.id for one in records], tool_call_id="")]
        room = turn.meter.room - taken
        (_, *sheets), tokens = turn.sheets.insert(results, seen, turn.records, room)
        asked, taken = asked + sheets, taken + tokens
    return asked, taken


def cited_text(reply: str) -> str:
    """A structured reply as text with citations; a reply in other words is left as it is."""
    start = reply.find("{")
    try:
        data, _ = json.JSONDecoder().raw_decode(reply[max(start, 0) :])
        told = [
            (str(s["text"]).strip(), [str(one) for one in s["labels"]]) for s in data["sentences"]
        ]
        found = bool(data["found"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return reply
    marked = [_cited(text, "".join(map(_mark, labels))) for text, labels in told if text]
    if found:
        return " ".join(marked).strip()
    return " ".join(["NOT FOUND:", *(_mark(one) for _, labels in told for one in labels)])


def _cited(text: str, marks: str) -> str:
    """A sentence with its citations, before its full stop where it ends in one."""
    bare = text.removesuffix(".")
    return f"{bare} {marks}." if bare != text or text[-1:].isalnum() else f"{text} {marks}"


def _mark(label: str) -> str:
    return f"[{label.strip().strip('[]')}]"


def written_calls(text: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """Tool calls that a model wrote into its text, as JSON, instead of making them."""
    calls: list[dict[str, Any]] = []
    at, decoder = text.find("{"), json.JSONDecoder()
    while at >= 0 and len(calls) < len(names):
        try:
            data, length = decoder.raw_decode(text[at:])
        except (ValueError, RecursionError):
            at = text.find("{", at + 1)
            continue
        name = data.get("name") or data.get("tool")
        arguments = data.get("arguments", data.get("parameters", data.get("args")))
        if name in names and isinstance(arguments, dict):
            id = f"written-{len(calls)}"
            calls.append({"name": name, "args": arguments, "id": id, "type": "tool_call"})
        at = text.find("{", at + length)
    return calls
