"""The toolbox as a model sees it: tool schemas, results as fenced lines, evidence as labels.

Text from a video is data. It stands as one JSON string at the end of a line, so that no line, label
or tag of its own can come out of it.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.tools import BaseTool, StructuredTool
from pydantic import BaseModel, ValidationError

from agent.daemon_threads import MAX_THREADS, DaemonThreads
from agent.llm.tokens import tool_tokens
from tools.clock import Clock
from tools.errors import DiskFull, NotIndexed, RefusedRequest, UnknownVideo
from tools.evidence import reliability
from tools.files.disk import disk_error, disk_state, note
from tools.generate.job import GenerationJob
from tools.media import Evidence, Video, clock
from tools.text.languages import foreign_name

if TYPE_CHECKING:
    from tools.toolbox import Toolbox

T = TypeVar("T")
READ_ONLY = (
    "list_",
    "video_",
    "search_",
    "find_",
    "read_",
    "look_",
    "count_",
    "classify",
    "summarize_",
)
"""Name prefixes of the capabilities that change nothing."""
OFFERED = (*READ_ONLY, "propose_")
"""Those that a model is given: beside them it can propose, and only a person decides."""
VISUAL_SEARCHES = ("search_frames", "find_similar")
"""Capabilities that search by image vectors."""
DECODING = ("look_at", "look_closer")
"""Capabilities that decode: they wait for each other, and nothing else waits for them."""
MAX_DECODING = 2
TEXT_LIMIT = 400
RESULT_LIMIT = 12_000
"""Characters of one text, and of the result of one call."""
VIDEOS_LISTED = 30
SHOWN_LISTED = 40


class Toolbelt:
    """The capabilities that a model is offered. All but `run` and the tools block: use a thread."""

    def __init__(self, toolbox: "Toolbox") -> None:
        self._library, self._unseen = toolbox.library, toolbox.unseen
        self._offered = toolbox.tools
        self._tool = cache(self._make_tool)  # its schema takes a while
        self._threads = DaemonThreads("tool", MAX_THREADS)
        self._decoders = DaemonThreads("look", MAX_DECODING)

    @cached_property
    def tokens(self) -> int:
        """Tokens of the tool schemas."""
        return tool_tokens(self.tools)

    @property
    def tools(self) -> list[BaseTool]:
        """The tools that a model binds now, in the toolbox's order; results are the artifact."""
        return self.tools_named(self._capabilities)

    def tools_named(self, names: Iterable[str]) -> list[BaseTool]:
        """Tools of these names alone: a schema takes a while."""
        wanted = set(names)
        return [self._tool(one) for name, one in self._capabilities.items() if name in wanted]

    @property
    def _capabilities(self) -> dict[str, Callable[..., Any]]:
        return {c.__name__: c for c in self._offered() if c.__name__.startswith(OFFERED)}

    def _make_tool(self, capability: Callable[..., Any]) -> StructuredTool:
        async def call(**arguments: Any) -> tuple[str, list[Any]]:
            found = await self.run(capability.__name__, lambda: called(capability, arguments))
            return "", found if isinstance(found, list) else [found]

        return StructuredTool.from_function(
            capability, call, response_format="content_and_artifact"
        )

    async def run(self, name: str, function: Callable[[], T]) -> T:
        """Run a blocking function for a tool, in one of the threads that the tool may use."""
        return await (self._decoders if name in DECODING else self._threads).run(function)

    def validate(self, name: str, arguments: Any, scope: Sequence[str]) -> dict[str, Any]:
        """The parsed arguments of a call, kept inside `scope`; RefusedRequest if they are wrong."""
        capabilities = self._capabilities
        if name not in capabilities:
            raise RefusedRequest(f"no tool {name!r}; there are: {', '.join(capabilities)}")
        if not isinstance(arguments, dict):
            raise RefusedRequest(f"the arguments of {name} were not a JSON object")
        schema = self._tool(capabilities[name]).args_schema
        assert isinstance(schema, type) and issubclass(schema, BaseModel)
        given = parsed(name, schema, arguments)
        for field in (name for name in ("video", "videos") if name in schema.model_fields):
            named = given.get(field) or []
            ids = [self._library.get(v).id for v in ([named] if isinstance(named, str) else named)]
            if scope and not set(ids) <= set(scope):
                raise RefusedRequest(f"this question is only about {', '.join(scope)}")
            if field == "videos" and (ids or scope):
                given[field] = ids or list(scope)
            elif ids:
                given[field] = ids[0]
        return given

    def in_scope(
        self, name: str, given: dict[str, Any], results: Sequence[Any], scope: Sequence[str]
    ) -> list[Any]:
        """The results within `scope`, and a sentence on the videos that a visual search skipped."""
        kept = [r for r in results if not (scope and isinstance(r, Video) and r.id not in scope)]
        return [*kept, *self.skipped(name, given.get("videos") or scope)]

    def format_results(self, results: Sequence[Any], seen: list[str]) -> tuple[str, list[Evidence]]:
        """The text of a result for a model, and the evidence in it; new ids are added to `seen`."""
        lines: list[str] = []
        evidence: list[Evidence] = []
        for item in self._with_moments(results):
            if isinstance(item, Evidence):
                if item.id not in seen:
                    seen.append(item.id)
                line = self.line(f"[e{seen.index(item.id) + 1}]", item)
            else:
                line = _line(item)
            if sum(map(len, lines)) + len(line) > RESULT_LIMIT:
                lines.append(f"({len(results) - len(lines)} more left out: ask for a shorter span)")
                break
            lines.append(line)
            if isinstance(item, Evidence):
                evidence.append(item)
        if len(evidence) > 1:  # a model miscounts
            lines.append(f"({len(evidence)} results)")
        body = "\n".join(lines)
        return (f"<evidence>\n{body}\n</evidence>" if lines else "Nothing found."), evidence

    def _with_moments(self, results: Sequence[Any]) -> Iterator[Any]:
        """Results, each proposed job before the evidence of its moments."""
        for item in results:
            yield item
            if isinstance(item, GenerationJob) and item.state != "refused":
                ids = dict.fromkeys(one.evidence for one in item.request.moments if one.evidence)
                yield from (one for one in self.resolve(ids).values() if one)

    def line(self, label: str, evidence: Evidence) -> str:
        """Evidence as a line for a model; its text and title are fenced."""
        least = "at least" if evidence.facts.get("at_least") else ""
        fit = f"fit {evidence.score:.2f}" if evidence.kind == "frame" and evidence.score else ""
        marks = [
            mark
            for mark in (foreign_name(evidence.language), reliability(evidence), least, fit)
            if mark
        ]
        kind = f"{evidence.kind} ({', '.join(marks)})" if marks else evidence.kind
        span = clock(evidence.start)
        if evidence.end > evidence.start:
            span += f" to {clock(evidence.end)}"
        wall = self.wall_clock(evidence.video)
        if wall and wall.is_relied_on:
            span += f" ({wall.wall(evidence.start):%Y-%m-%d %H:%M:%S} by the clock)"
        title = fence(self.title(evidence.video))
        return f"{label} {kind} · {title} · {span} · {fence(evidence.text)}"

    def video_lines(self, scope: Sequence[str]) -> str:
        """The videos that a question is about, a line each."""
        catalog = self._library.catalog
        ids = scope or [one.id for one in catalog.entries(VIDEOS_LISTED)]
        count = len(scope) or sum(catalog.coverage().values())
        lines = [video_line(self._library.get(id)) for id in ids[:VIDEOS_LISTED]]
        if count > VIDEOS_LISTED:
            lines.append(f"({count - VIDEOS_LISTED} more: search, or call list_videos)")
        return "\n".join(lines)

    def versions(self, scope: Sequence[str]) -> list[str]:
        """The index version of each video; any change of the index changes it."""
        if scope:
            return [f"{id} {self._library.generation(id)}" for id in scope]
        return [f"{id} {stamp}" for id, stamp in self._library.catalog.stamps()]

    def shown_lines(self, handles: Sequence[str], records: dict[str, Evidence | None]) -> str:
        """The evidence that people were shown, a line each, the latest last."""
        first = max(0, len(handles) - SHOWN_LISTED)
        numbered = enumerate(handles[first:], first + 1)
        lines = [self.line(f"[{n}]", r) for n, id in numbered if (r := records.get(id))]
        return "\n".join(lines) or "(none yet)"

    def resolve(self, ids: Iterable[str]) -> dict[str, Evidence | None]:
        """The evidence of each id; None for what is gone with its video."""
        records: dict[str, Evidence | None] = {}
        for id in ids:
            records[id] = None
            with suppress(UnknownVideo, NotIndexed):
                records[id] = self._library.evidence(id)
        return records

    def wall_clock(self, video: str) -> Clock | None:
        """Wall clock of a video; None where none is known, or the video is gone."""
        with suppress(UnknownVideo):
            return self._library.clock(video)
        return None

    def title(self, video: str) -> str:
        """The title of a video; empty if it is gone."""
        with suppress(UnknownVideo):
            return self._library.get(video).title
        return ""

    def skipped(self, name: str, scope: Sequence[str]) -> list[str]:
        """A sentence on the videos that a tool cannot search; none if it searched all."""
        sentence = self.unsearched(scope) if name in VISUAL_SEARCHES else ""
        return [sentence] if sentence else []

    def unsearched(self, scope: Sequence[str]) -> str:
        """One sentence on the videos without image vectors; empty if there are none."""
        titles = [f"“{video.title}”" for video in self._unseen(scope or None)]
        more = f" and {len(titles) - 3} more" if len(titles) > 3 else ""
        named = f"{', '.join(titles[:3])}{more}"
        return f"Not searched by what is seen: {named}; run: cuepoint index." if titles else ""


def _line(item: Any) -> str:
    """A result that is no evidence as a line for a model."""
    match item:
        case Video():
            return video_line(item)
        case GenerationJob():
            return job_line(item)
        case _:
            return fence(str(item))


def job_line(job: GenerationJob) -> str:
    """A proposed job as a line for a model."""
    price = "price unknown" if job.price_usd is None else f"{job.price_usd:.2f} USD"
    told = "; ".join(job.moderation.told()) or "nothing is made before a person says yes"
    seconds = f"{job.request.seconds:g} s"
    return f"job {job.id} · {job.state} · {job.provider} · {seconds} · {price} · {told}"


def parsed(name: str, schema: type[BaseModel], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call as its schema reads them; RefusedRequest names one that is wrong."""
    known = schema.model_fields
    if unknown := sorted(set(arguments) - set(known)):
        raise RefusedRequest(
            f"{name} has no argument {', '.join(unknown)[:200]}; it has: "
            f"{', '.join(known) or 'none'}"
        )
    try:
        read = schema.model_validate(dict(arguments))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RefusedRequest(f"{name}: {where}: {first['msg']}") from error
    return {field: getattr(read, field) for field in read.model_fields_set}


def called(capability: Callable[..., T], arguments: Mapping[str, Any]) -> T:
    """The result of a capability; VideoError if the disk refuses what it decodes."""
    try:
        return capability(**arguments)
    except (OSError, DiskFull) as error:
        refused = disk_error(error) if isinstance(error, OSError) else error
        if refused is None:
            raise
        if why := disk_state(error):
            note("pictures", why)
        raise refused from error


def video_line(video: Video) -> str:
    """A video as a line for a model."""
    return f"video {video.id} · {fence(video.title)} · {clock(video.duration)} · {video.state}"


def fence(text: str) -> str:
    """Text of a video as one JSON string on one line, without a tag or a control character."""
    plain = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    plain = " ".join(plain.split())
    if len(plain) > TEXT_LIMIT:
        plain = plain[: TEXT_LIMIT - 1] + "…"
    return json.dumps(plain, ensure_ascii=False).replace("<", "\\u003c").replace(">", "\\u003e")
