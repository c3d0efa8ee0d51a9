"""Arrival of a video: what it is in two lines, its chapters, what to ask, what is weak in it."""

import asyncio
import os
import re
from contextlib import suppress
from typing import Any

from agent.extractive.about import origin_lines
from agent.extractive.intents import languages
from agent.extractive.suggestions import reply_to, suggestions
from agent.settings import Settings
from tools.errors import RefusedRequest, VideoError
from tools.ingest.pipeline import recorded_options
from tools.media import Video, timestamp
from tools.models import registry
from tools.provenance.evidence import kept
from tools.provenance.provenance import as_row
from tools.summary.titles import chapters
from tools.text.languages import name_in
from tools.transcript.asr import DRAFT
from tools.transcript.recognisers import resolve_transcriber
from ui.chat.cards import source, truncated
from ui.chat.wording import language, say
from ui.web.jobs import Job
from ui.web.state import AppState

LINES, LINE = 2, 180
"""Lines of what a video is, and characters of one."""
CHAPTERS, TITLE = 24, 60
"""Chapters, and characters of the title of one."""
_MARKS = re.compile(r"\s*\[e\d+\]|\*\*")
"""Citations and bold type of a reply."""
OPTIONS = {"speech": "transcriber", "picture": "picture_embedder"}
"""Setting that says which model of a kind is used."""


def arrival(state: AppState, id: str) -> dict[str, Any]:
    """Properties of the card of a video. Every value is text or a number. Reads files."""
    video = state.library.get(id)
    over = video.state in ("ready", "failed")
    gist, questions = told(state, id)
    named = [one for one in chapters(state.library, id) if one.title][:CHAPTERS]
    return {
        "id": id,
        **source(state.library, id, state.proxies),
        "length": timestamp(round(video.duration)),
        "lines": gist + origin(state, id),
        "chapters": [
            {
                "start": one.start,
                "time": timestamp(int(one.start)),
                "title": truncated(one.title, TITLE),
            }
            for one in (named if len(named) > 1 else [])
        ],
        "questions": questions,
        "weak": shortcomings(state, video) if over else [],
    }


def told(state: AppState, id: str) -> tuple[list[str], list[str]]:
    """Two lines of what a video is, and questions that it answers; nothing before there is any."""
    toolbox: Any = getattr(state.agent, "toolbox", None)

    def make() -> tuple[list[str], list[str]]:
        gist: list[str] = []
        with suppress(VideoError):  # not indexed so far
            reply = reply_to(toolbox, "What is this video about?", id)
            gist = _lines(reply.lead, reply.lines) if reply.found else []
        return gist, suggestions(toolbox, id)

    return state.library.cached(id, "told on arrival", make) if toolbox else ([], [])


def origin(state: AppState, id: str) -> list[str]:
    """Origin of the file in its own words, as a line; none where it says nothing."""
    found = kept(state.library, id)
    if found is None or not found.tells_more:
        return []
    say_it = languages()[language()].sentences

    def sentence(name: str, /, **values: Any) -> str:
        return say_it[name].format(**values)

    return [truncated(" ".join(origin_lines(as_row(found), sentence)), 2 * LINE)]


def _lines(lead: str, lines: tuple[str, ...]) -> list[str]:
    """The first lines of a reply, a sentence or a quotation each, without its citations."""
    quotes = re.findall(r"\"[^\"]+\"|[^\"]+", _MARKS.sub("", lead))
    told = [one.strip(" .") for one in quotes if one.strip(" .")]
    told = told if '"' in lead else [_MARKS.sub("", lead)]
    told += [_MARKS.sub("", line) for line in lines]
    return [truncated(line, LINE) for line in dict.fromkeys(filter(None, told))][:LINES]


def shortcomings(state: AppState, video: Video) -> list[dict[str, str]]:
    """Weaknesses of a video, each with what mends it: the label of a button, or none."""
    weak: list[dict[str, str]] = []
    coverage = state.library.coverage(video.id)
    if video.stages["screen"].partial:
        share = int(100 * state.library.share_read(video.id))
        text = say("arrival.share_read", share=share)
        weak.append({"text": text, "mend": "screen", "label": say("arrival.read_rest")})
    if coverage.speech == "draft":
        text = say("arrival.drafted")
        weak.append(_by_model(state, "speech", text))
    spoken = recorded_options(state.library.manifest(video.id))["providers"].speech_language
    unheard = video.stages["speech"].state == "skipped" and spoken not in ("auto", "en")
    if unheard and video.stages["speech"].note:
        text = say("arrival.unheard", spoken=name_in(spoken, language()))
        weak.append(_by_model(state, "speech", text))
    silent = coverage.speech == "none" and video.width
    if silent and not registry.best_image_model(_installed(state))[0]:
        text = say("arrival.silent")
        weak.append(_by_model(state, "picture", text))
    return weak


def _installed(state: AppState) -> list[str]:
    return registry.installed(state.settings.home)


def _by_model(state: AppState, kind: str, text: str) -> dict[str, str]:
    """A weakness that a model mends: get it, use it where it is there, or why it can't be had."""
    model = registry.suggested(kind)
    if getattr(state.settings.providers, OPTIONS[kind]) != "auto":
        return {"text": text, "mend": "", "label": ""}  # it was set so
    size = f"{model.size / 1e6:,.0f} MB"
    if can_use(state, kind):
        return {"text": text, "mend": kind, "label": say("arrival.use")}
    if not state.downloads.possible:
        text += " " + say(f"arrival.no_{kind}", name=model.name, size=size)
        return {"text": text, "mend": "", "label": ""}
    text += " " + say(f"arrival.by_{kind}", name=model.name)
    return {"text": text, "mend": kind, "label": say("arrival.get", size=size)}


def can_use(state: AppState, kind: str) -> bool:
    """True if a model of a kind is there that a video would be indexed with."""
    settings = state.settings
    if kind == "picture":
        return bool(registry.best_image_model(_installed(state))[0])
    return can_hear(settings)


def can_hear(settings: Settings) -> bool:
    """True if speech is heard by a model, which knows more than English."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    models, chosen = settings.home / "models", settings.providers.transcriber
    return resolve_transcriber(chosen, models, os.cpu_count() or 1, memory) != DRAFT


async def mended(state: AppState, video: str, what: str) -> Job | None:
    """Start what mends a weakness of a video, and get the model for it first; None if it fails."""
    if what not in ("screen", *OPTIONS):
        raise RefusedRequest(say("arrival.unmendable"))
    if what in OPTIONS and not await asyncio.to_thread(can_use, state, what):
        download = state.downloads.start(registry.suggested(what).name)
        while not (download.done or download.trouble or download.stopped):
            await asyncio.sleep(0.5)
        if not download.done:
            if download.trouble:
                raise RefusedRequest(download.trouble)
            return None
    return await state.jobs.start_again(video)
