"""A model that follows a script, and a library in memory."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import Field

from tools.errors import NotIndexed, UnknownVideo
from tools.evidence import of_passage
from tools.media import Attributes, Coverage, Evidence, Utterance, Video, evidence_id
from tools.store.catalog import Entry
from tools.store.records import frame_image

Step = AIMessage | Callable[[list[BaseMessage]], AIMessage]


class ScriptedModel(BaseChatModel):
    """Says what its script says, the last line for ever, and remembers what it was shown."""

    script: list[Any]
    """AIMessages, or functions from the messages shown to one."""
    piece: int = 3
    """Characters in one piece of a streamed reply."""
    shown: list[Any] = Field(default_factory=list[Any])
    """The messages of each call."""
    bound: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    """The options of each binding."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        """Remembers what was bound."""
        self.bound.append({"tools": [tool.name for tool in tools], **kwargs})
        return self

    def _reply(self, messages: list[BaseMessage]) -> AIMessage:
        self.shown.append(messages)
        step: Step = self.script[min(len(self.shown), len(self.script)) - 1]
        return step.model_copy() if isinstance(step, AIMessage) else step(messages)

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._reply(messages))])

    def _stream(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        reply = self._reply(messages)
        for at in range(0, len(reply.text), self.piece):
            chunk = AIMessageChunk(content=reply.text[at : at + self.piece])
            yield ChatGenerationChunk(message=chunk)
        last = AIMessageChunk(
            content="",
            additional_kwargs=reply.additional_kwargs,
            usage_metadata=reply.usage_metadata,
            tool_call_chunks=[
                tool_call_chunk(name=c["name"], args=_as_text(c["args"]), id=c["id"], index=n)
                for n, c in enumerate([*reply.tool_calls, *reply.invalid_tool_calls])
            ],
        )
        yield ChatGenerationChunk(message=last)


def _as_text(arguments: Any) -> str:
    """Arguments as they come in; those that cannot be parsed are a text already."""
    return arguments if isinstance(arguments, str) else json.dumps(arguments)


def calling(name: str, id: str = "call", **arguments: Any) -> AIMessage:
    """A reply that calls one tool."""
    return AIMessage(content="", tool_calls=[{"name": name, "args": arguments, "id": id}])


class MemoryCatalog:
    """Catalog of a library in memory: always up to date."""

    def __init__(self, library: "MemoryLibrary") -> None:
        self._library = library

    def sync(self, videos: Sequence[str] | None = None) -> None:
        """Nothing to do."""

    def entries(self, limit: int = -1) -> list[Entry]:
        """Every video, wholly indexed."""
        videos = self._library.list()
        every = [Entry(one.id, one.title, one.duration, "complete") for one in videos]
        return every if limit < 0 else every[:limit]

    def coverage(self) -> dict[str, int]:
        """All complete."""
        return {"complete": len(self._library.videos), "partial": 0, "none": 0}

    def coming(self) -> bool:
        """Nothing is."""
        return False

    def stamps(self) -> list[tuple[str, str]]:
        """Nothing ever changes."""
        return [(id, "1") for id in self._library.videos]


class MemoryLibrary:
    """Two talks, held in memory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.catalog = MemoryCatalog(self)
        self.videos = {
            "a" * 16: Video("a" * 16, "Cooking pasta", "/v/pasta.mp4", 90.0, 1280, 720, 25.0),
            "b" * 16: Video("b" * 16, "Fixing a bike", "/v/bike.mp4", 60.0, 640, 360, 30.0),
        }
        pasta, bike = self.videos
        self.speech = [
            Utterance(pasta, 12.0, 18.0, "First you salt the water, two spoons of it."),
            Utterance(pasta, 40.0, 46.0, "We do not put oil into the water."),
            Utterance(pasta, 70.0, 75.0, "Drain it and keep a cup of the water."),
            Utterance(bike, 5.0, 9.0, "Turn the bike over on its saddle."),
            Utterance(bike, 20.0, 26.0, "The chain has 116 links.", source="draft"),
        ]

    def list(self) -> "list[Video]":
        """Both, until one is removed."""
        return list(self.videos.values())

    def get(self, ref: str) -> Video:
        """By id or title."""
        for video in self.videos.values():
            if ref in (video.id, video.title):
                return video
        raise UnknownVideo(f"no video {ref!r}")

    def clock(self, video: str) -> None:
        """Nothing tells when they were recorded."""

    def evidence(self, id: str) -> Evidence:
        """Look up evidence by its id."""
        for one in self.speech:
            if one.id == id and one.video in self.videos:
                return _speech(one)
        for video in self.videos.values():
            if id == evidence_id("video", video.id, 0.0, video.duration):
                text = f"{video.duration:g} seconds long, {video.width} x {video.height}"
                return Evidence(id, video.id, 0.0, video.duration, "video", text, source="file")
        raise UnknownVideo(f"{id!r} is gone")

    def coverage(self, video: str) -> Coverage:
        """Always complete."""
        duration = self.get(video).duration
        ready = {"frames": 1.0, "speech": 1.0, "screen": 1.0}
        frames = round(duration / 2)
        return Coverage(video, duration, frames, 2.0, "complete", "complete", "none", ready=ready)

    def generation(self, video: str) -> int:
        """Never changes."""
        return 1

    def picture(self, image: str) -> Path:
        """There is none."""
        raise UnknownVideo(f"no picture {image}")

    def attributes(self, video: str) -> "list[Attributes]":
        """None: there are no pictures."""
        return []

    def remove(self, video: str) -> None:
        """Forget one."""
        del self.videos[video]


def _speech(one: Utterance) -> Evidence:
    return of_passage([one], frame_image(one.video, one.start), 1.0)


class MemoryToolbox:
    """The toolbox over it, as far as an agent needs one."""

    visual = None
    proposer = None

    def __init__(self, root: Path) -> None:
        self.library = MemoryLibrary(root)
        self.threads: list[int] = []
        self.added: list[str] = []

    def list_videos(self) -> list[Video]:
        """List the videos."""
        return self.library.list()

    def unseen(self, videos: list[str] | None = None) -> list[Video]:
        """Videos without image vectors: none, as there is no model."""
        return []

    def video_facts(self, video: str) -> list[Evidence]:
        """Tell length and size of one video."""
        found = self.library.get(video)
        return [self.library.evidence(evidence_id("video", found.id, 0.0, found.duration))]

    def search_transcript(
        self,
        query: Annotated[str, Field(description="What was said, in plain words.")],
        videos: list[str] | None = None,
        limit: Annotated[int, Field(ge=1, le=20)] = 6,
    ) -> list[Evidence]:
        """Find what was said. Use it for anything spoken."""
        self.threads.append(threading.get_ident())
        wanted = set(query.casefold().split())
        return [
            _speech(one)
            for one in self.library.speech
            if one.video in (videos or self.library.videos)
            and wanted & set(one.text.casefold().replace(",", "").replace(".", "").split())
        ][:limit]

    def find_scenes(self, video: str) -> list[Evidence]:
        """Find scenes: not made yet."""
        raise NotIndexed(f"{video} has no scenes yet: run `cuepoint index` on its file")

    def search_frames(self, query: str) -> list[Evidence]:
        """Find pictures: has a bug."""
        raise KeyError(query)

    def add_video(self, path: str) -> list[Video]:
        """Add a file: changes the library."""
        self.added.append(path)
        return []

    def tools(self) -> list[Callable[..., Any]]:
        """In the order a model sees them."""
        return [
            self.list_videos,
            self.video_facts,
            self.search_transcript,
            self.find_scenes,
            self.search_frames,
            self.add_video,
        ]
