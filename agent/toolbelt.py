"""The toolbox as a model sees it: schemas to call by, results as fenced lines, evidence as ids.

What comes out of a video is data. It stands as one JSON string at the end of a line, so that no
line, label or tag of its own can come out of it.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ValidationError

from agent.llm.tokens import tool_tokens
from agent.threads import AT_ONCE, Threads
from tools.errors import DiskFull, NotIndexed, RefusedRequest, UnknownVideo
from tools.evidence import reliability
from tools.files.disk import disk_error, disk_state, note
from tools.media import Evidence, Video, clock
from tools.text.languages import foreign

if TYPE_CHECKING:
    from tools.toolbox import Toolbox

T = TypeVar("T")
READS = ("list_", "video_", "search_", "find_", "read_", "look_", "classify", "summarize_")
"""How the capabilities begin that change nothing: a model is given no others."""
SEEING = ("search_frames", "find_similar")
"""Those that search by what pictures show."""
SLOW = ("look_at", "look_closer")
"""Those that decode: they wait for each other, and nothing else waits for them."""
LOOKS_AT_ONCE = 2
TEXT_LIMIT = 400
RESULT_LIMIT = 12_000
VIDEOS_LISTED = 30
SHOWN_LISTED = 40


class Toolbelt:
    """The capabilities that only read. All but `run` and the tools block: call it in a thread."""

    def __init__(self, toolbox: "Toolbox") -> None:
        self._library, self._unseen = toolbox.library, toolbox.unseen
        self._offered = toolbox.tools
        self._tools: dict[str, StructuredTool] = {}
        self._threads, self._looks = Threads("tool", AT_ONCE), Threads("look", LOOKS_AT_ONCE)

    @cached_property
    def tokens(self) -> int:
        """What the schemas take of a language model's tokens."""
        return tool_tokens(self.tools)

    @property
    def tools(self) -> list[BaseTool]:
        """What a model binds now, in the toolbox's order; what is found is the artifact."""
        return [self._tool(name, one) for name, one in self._capabilities.items()]

    @property
    def _capabilities(self) -> dict[str, Callable[..., Any]]:
        return {c.__name__: c for c in self._offered() if c.__name__.startswith(READS)}

    def _tool(self, name: str, capability: Callable[..., Any]) -> StructuredTool:
        async def call(**arguments: Any) -> tuple[str, list[Any]]:
            return "", await self.run(name, lambda: _found(capability, arguments))

        if name not in self._tools:
            self._tools[name] = StructuredTool.from_function(
                capability, call, response_format="content_and_artifact"
            )
        return self._tools[name]

    async def run(self, name: str, function: Callable[[], T]) -> T:
        """Do what blocks for a tool in a thread of those that it may use."""
        return await (self._looks if name in SLOW else self._threads).run(function)

    def admit(self, name: str, arguments: Any, scope: Sequence[str]) -> dict[str, Any]:
        """The arguments of a call that may be made; RefusedRequest for what a model got wrong."""
        capabilities = self._capabilities
        if name not in capabilities:
            raise RefusedRequest(f"no tool {name!r}; there are: {', '.join(capabilities)}")
        if not isinstance(arguments, dict):
            raise RefusedRequest(f"the arguments of {name} were not a JSON object")
        schema = self._tool(name, capabilities[name]).args_schema
        assert isinstance(schema, type) and issubclass(schema, BaseModel)
        unknown = sorted(set(arguments) - set(schema.model_fields))
        if unknown:
            raise RefusedRequest(f"{name} has no argument {', '.join(unknown)}")
        try:
            parsed = schema.model_validate(arguments)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise RefusedRequest(f"{name}: {where}: {first['msg']}") from error
        given = {field: getattr(parsed, field) for field in parsed.model_fields_set}
        return self._scoped(schema, given, scope)

    def within(
        self, name: str, given: dict[str, Any], found: Sequence[Any], scope: Sequence[str]
    ) -> list[Any]:
        """What was found in the videos asked about, and in words which were passed over."""
        kept = [f for f in found if not (scope and isinstance(f, Video) and f.id not in scope)]
        if name in SEEING and (told := self.passed_over(given.get("videos") or scope)):
            kept.append(told)
        return kept

    def _scoped(
        self, schema: type[BaseModel], given: dict[str, Any], scope: Sequence[str]
    ) -> dict[str, Any]:
        """Keep a call inside the videos that the person asked about."""
        for field in ("video", "videos"):
            if field not in schema.model_fields:
                continue
            named = given.get(field) or []
            ids = [self._library.get(v).id for v in ([named] if isinstance(named, str) else named)]
            if scope and not set(ids) <= set(scope):
                raise RefusedRequest(f"this question is only about {', '.join(scope)}")
            if field == "videos" and (ids or scope):
                given[field] = ids or list(scope)
            elif ids:
                given[field] = ids[0]
        return given

    def show(self, found: Sequence[Any], seen: list[str]) -> tuple[str, list[Evidence]]:
        """What a model reads of a result, and the evidence in it; `seen` gains what is new."""
        lines: list[str] = []
        shown: list[Evidence] = []
        for item in found:
            if isinstance(item, Evidence):
                if item.id not in seen:
                    seen.append(item.id)
                line = self._line(f"[e{seen.index(item.id) + 1}]", item)
            else:
                line = video_line(item) if isinstance(item, Video) else fence(str(item))
            if sum(map(len, lines)) + len(line) > RESULT_LIMIT:
                lines.append(f"({len(found) - len(lines)} more left out: ask for a shorter span)")
                break
            lines.append(line)
            if isinstance(item, Evidence):
                shown.append(item)
        if len(shown) > 1:  # a model miscounts
            lines.append(f"({len(shown)} results)")
        body = "\n".join(lines)
        return (f"<evidence>\n{body}\n</evidence>" if lines else "Nothing found."), shown

    def _line(self, label: str, evidence: Evidence) -> str:
        marks = [mark for mark in (foreign(evidence.language),) if mark]
        marks += [why] if (why := reliability(evidence)) else []
        marks += (
            [f"fit {evidence.score:.2f}"] if evidence.kind == "frame" and evidence.score else []
        )
        kind = f"{evidence.kind} ({', '.join(marks)})" if marks else evidence.kind
        span = clock(evidence.start)
        if evidence.end > evidence.start:
            span += f" to {clock(evidence.end)}"
        title = fence(self.titles([evidence.video]).get(evidence.video, ""))
        return f"{label} {kind} · {title} · {span} · {fence(evidence.text)}"

    def videos(self, scope: Sequence[str]) -> str:
        """The videos that a question is about, a line each."""
        videos = [self._library.get(id) for id in scope] if scope else self._library.list()
        lines = [video_line(video) for video in videos[:VIDEOS_LISTED]]
        if len(videos) > VIDEOS_LISTED:
            lines.append(f"({len(videos) - VIDEOS_LISTED} more: search, or call list_videos)")
        return "\n".join(lines)

    def stamps(self, scope: Sequence[str]) -> list[str]:
        """What tells the state of the videos from any other."""
        ids = scope or [video.id for video in self._library.list()]
        return [f"{id} {self._library.generation(id)}" for id in ids]

    def shown(self, handles: Sequence[str], records: dict[str, Evidence | None]) -> str:
        """The evidence that people were shown, the latest last."""
        first = max(0, len(handles) - SHOWN_LISTED)
        numbered = enumerate(handles[first:], first + 1)
        lines = [self._line(f"[{n}]", r) for n, id in numbered if (r := records.get(id))]
        return "\n".join(lines) or "(none yet)"

    def resolve(self, ids: Iterable[str]) -> dict[str, Evidence | None]:
        """The evidence behind ids; None for what is gone with its video."""
        return {id: self._evidence(id) for id in ids}

    def _evidence(self, id: str) -> Evidence | None:
        try:
            return self._library.evidence(id)
        except (UnknownVideo, NotIndexed):
            return None

    def titles(self, videos: Iterable[str]) -> dict[str, str]:
        """Titles by id, without videos that are gone."""
        found: dict[str, str] = {}
        for id in set(videos):
            try:
                found[id] = self._library.get(id).title
            except UnknownVideo:
                continue
        return found

    def passed_over(self, scope: Sequence[str]) -> str:
        """One sentence on the videos that a search for pictures left out; empty without any."""
        titles = [f"“{one.title}”" for one in self._unseen(scope or None)]
        more = f" and {len(titles) - 3} more" if len(titles) > 3 else ""
        named = f"{', '.join(titles[:3])}{more}"
        return f"Not searched by what is seen: {named}; run: cuepoint index." if titles else ""


def _found(capability: Callable[..., Any], arguments: dict[str, Any]) -> list[Any]:
    """What a capability returns; VideoError where the disk refuses what is decoded for it."""
    try:
        return list(capability(**arguments))
    except (OSError, DiskFull) as error:
        told = disk_error(error) if isinstance(error, OSError) else error
        if told is None:
            raise
        if why := disk_state(error):
            note("pictures", why)
        raise told from error


def video_line(video: Video) -> str:
    """A video as a model reads it."""
    return f"video {video.id} · {fence(video.title)} · {clock(video.duration)} · {video.state}"


def fence(text: str) -> str:
    """Text of a video as one JSON string on one line, without a tag or a control character."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    plain = " ".join(plain.split())
    if len(plain) > TEXT_LIMIT:
        plain = plain[: TEXT_LIMIT - 1] + "…"
    return json.dumps(plain, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
