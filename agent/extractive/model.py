"""The chat model without a language model: picks tools by rule, answers in quotes, or "not found".

It sees what any model sees in the graph. First it calls the tools that a plan names, then it writes
one or two sentences that quote what they found; it never says what no evidence says.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import ConfigDict, PrivateAttr

from agent.daemon_threads import MAX_THREADS, DaemonThreads
from agent.extractive import quote as quoting
from agent.extractive.answer_type import sought
from agent.extractive.compose import reply
from agent.extractive.modality import Senses
from agent.extractive.query import Plan
from agent.extractive.quote import Found, Reply
from agent.extractive.reference import PLANS, Referring, Turn, kept, places, resolve
from agent.extractive.relevance import Relevance
from agent.extractive.video_questions import about
from agent.extractive.visual import with_senses
from agent.grounding.citations import citation_labels
from agent.messages import KEY, metadata
from agent.settings import EXTRACTIVE
from tools.evidence import parse_id
from tools.ingest.on_demand import is_coarse
from tools.media import Evidence
from tools.toolbox import Toolbox
from tools.vision.colour import COLOURS

AROUND_SECONDS = 8.0
"""How far before or after a moment its neighbours lie."""
SEARCHED = 8
EVERY = 50
"""Sounds, at most, of which one is chosen or that are counted."""
EARLIER = 3
"""Pieces of evidence shown last whose videos a question may be about, too."""
FACTS = 6
"""Videos, at most, whose facts are asked for beside a sound."""
_IN_WORDS = ("search", "first", "last", "every")
_SENSES = ("search_frames", "find_sounds", "classify")
"""Plans and tools: what words answer first, and what is asked where they do not."""
_CLOSER = "look_closer"
Step = tuple[str, str, dict[str, Any]]
"""A step of a plan: its name, by which the writer finds its result, its tool and the arguments."""


class ExtractiveModel(BaseChatModel):
    """Answers from the evidence alone; needs nothing but the toolbox."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    toolbox: Any
    _threads: DaemonThreads = PrivateAttr(
        default_factory=lambda: DaemonThreads("model", MAX_THREADS)
    )

    @property
    def _llm_type(self) -> str:
        return EXTRACTIVE

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        """The tools are known: nothing to bind."""
        return self

    async def _agenerate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        return await self._threads.run(lambda: self._generate(messages))

    def _generate(
        self, messages: list[BaseMessage], stop: Any = None, run_manager: Any = None, **kwargs: Any
    ) -> ChatResult:
        asked = max(i for i, message in enumerate(messages) if isinstance(message, HumanMessage))
        turn = _Turn(self.toolbox, messages[: asked + 1], messages[asked + 1 :])
        results = [m for m in messages[asked:] if isinstance(m, ToolMessage)]
        calls = turn.calls(results) if metadata(messages[asked])["calls"] else []
        message = AIMessage(content="", tool_calls=calls) if calls else turn.answer(results)
        message.additional_kwargs.setdefault(KEY, {})["plan"] = turn.kept
        return ChatResult(generations=[ChatGeneration(message=message)])


class _Turn:
    """One question, resolved against the conversation before it."""

    def __init__(
        self, toolbox: Toolbox, asked: Sequence[BaseMessage], since: Sequence[BaseMessage]
    ) -> None:
        self._toolbox = toolbox
        data = metadata(asked[-1])
        self._seen: list[str] = data["seen"]
        self._asked_of: list[str] = data["videos"]
        handles: list[str] = data["handles"]
        shown_before = [place.video for place in reversed(places(handles))][:EARLIER]
        self._scope = toolbox.likely_videos(data["question"], self._asked_of, shown_before)
        turns: list[Turn] = []
        pairs = list(zip(asked[1::2], asked[2::2], strict=False))
        for question, answer in pairs:
            told = metadata(answer)
            numbers = told.get("evidence") or told.get("nearest") or []
            shown = [handles[n - 1] for n in numbers if 0 < n <= len(handles)]
            plan = self._plan([answer], str(question.content), turns, handles)
            turns.append(Turn(plan, places(shown)))
        self.asked = self._plan(since, data["question"], turns, handles)
        self.kept = PLANS.dump_python(self.asked, mode="json", exclude_defaults=True)
        self._video = self._of(self.asked, turns)
        self._relevance = Relevance(toolbox, self._videos)
        self.asked = replace(self.asked, plan=self._relevance.adapted(self.asked.plan))
        if number := self.asked.plan.scene:
            for scene in quoting.nth(toolbox.library.scenes(self._video), number):
                window = (scene.start, scene.end)
                self.asked = replace(self.asked, plan=replace(self.asked.plan, window=window))
        if self.asked.plan.kind == "label":
            # Vectors may come meanwhile: a search that began in words goes on in them.
            first = next((m.name for m in since if isinstance(m, ToolMessage)), "")
            begun = first == "classify" if first else not self._blind
            if not begun:
                self.asked = replace(self.asked, plan=_unlabelled(self.asked))
        self.plan = self.asked.plan
        wanted = self._wanted()
        self._closer = [call for call in wanted if call[0] == _CLOSER]
        self._calls = [call for call in wanted if call[0] != _CLOSER]
        self._said_before = " ".join(str(answer.content) for _, answer in pairs)

    def _plan(
        self,
        since: Sequence[BaseMessage],
        question: str,
        turns: Sequence[Turn],
        handles: Sequence[str],
    ) -> Referring:
        """The plan kept with a turn since it was asked; made where there is none yet."""
        for message in since:
            if plan := kept(metadata(message).get("plan")):
                return plan
        text, video = self._titled(question)
        length = self._toolbox.library.get(self._of(None, turns)).duration
        plan = resolve(text, turns, handles, length, self._scope)
        # A title says which video is meant where nothing else does.
        return replace(plan, video=video) if video and not (plan.at or plan.video) else plan

    def _titled(self, question: str) -> tuple[str, str]:
        """The question without the title of the one video that it names, and the video."""
        if len(self._scope) < 2:
            return question, ""
        for video in self._scope:
            title = re.escape(self._toolbox.library.get(video).title)
            mark = "[\"\u201c\u201d']"
            named = rf"{mark}{title}{mark}" + (rf"|\b{title}\b" if r"\ " in title else "")
            rest = re.sub(rf"\s*\b(?:in|of|from|on) (?:{named})", "", question, flags=re.I)
            if rest != question and rest.strip(" ?"):
                return rest, video
        return question, ""

    @property
    def _blind(self) -> str:
        """Why no picture of the one video can be compared with labels."""
        return self._toolbox.pictures.blind([self._video])

    @property
    def _videos(self) -> list[str]:
        return [self.asked.video] if self.asked.video else self._scope

    def _of(self, asked: Referring | None, turns: Sequence[Turn]) -> str:
        """The one video that times and lists are about."""
        if asked and (asked.at or asked.video):
            return asked.at.video if asked.at else asked.video
        shown = next((turn.shown for turn in reversed(turns) if turn.shown), ())
        return shown[0].video if shown and shown[0].video in self._scope else self._scope[0]

    def calls(self, results: Sequence[ToolMessage]) -> list[dict[str, Any]]:
        """The tool calls that are still to be made."""
        words, senses = self._apart(results)
        wanted = self._calls[len(words) :]
        if self._closer and not results:
            wanted = self._closer  # what it finds is there for the calls after it
        elif not wanted and not senses:
            said = self._in_words(words)
            wanted = self._beyond(said)
            if said.wants and len(words) == len(self._calls):
                video, start, end = said.wants
                read = "read_passage" if said.joined else "read_moment"
                wanted = [(quoting.READ, read, {"video": video, "start": start, "end": end})]
        return [
            {"name": name, "args": arguments, "id": f"{len(self._seen)}-{number}-{step}"}
            for number, (step, name, arguments) in enumerate(wanted, len(results))
        ]

    def _apart(
        self, results: Sequence[ToolMessage]
    ) -> tuple[Sequence[ToolMessage], Sequence[ToolMessage]]:
        """What the search in words gave, and what pictures and sounds were asked for after it."""
        results = [m for m in results if m.name != _CLOSER]
        first = len(self._calls)
        later = (n for n, m in enumerate(results) if n >= first and m.name in _SENSES)
        at = next(later, len(results))
        return results[:at], results[at:]

    def _beyond(self, said: Reply) -> list[Step]:
        """What pictures or sounds are asked for where words do not answer, or do not show it."""
        plan, senses = self.plan, self.plan.senses
        if plan.kind not in _IN_WORDS:
            return []
        if senses.sound:
            return [] if said.found else self._listening(plan)
        if senses.labels:
            return [] if said.found or self._blind else self._labelling(plan)
        cited = citation_labels(" ".join(said.sentences))
        kinds = {self._seen[int(label[1:]) - 1].partition(":")[0] for label in cited}
        unseen = not said.found or (senses.plainly and kinds == {"speech"})
        if not senses.seen or not unseen or self._toolbox.pictures.blind(self._videos):
            return []
        return [("seen", "search_frames", {"query": senses.seen[:400], **self._where(plan)})]

    def _where(self, plan: Plan) -> dict[str, Any]:
        return {"videos": self._videos, **_window(plan.window)}

    def _listening(self, plan: Plan) -> list[Step]:
        stages = {id: self._toolbox.library.get(id).stages["sound"].state for id in self._videos}
        first = sorted(stages, key=lambda id: stages[id] == "skipped")  # those without sound last
        facts = [(f"facts {n}", "video_facts", {"video": id}) for n, id in enumerate(first[:FACTS])]
        every = {"limit": EVERY} if plan.nth or quoting.counts(plan.question) else {}
        return [
            ("heard", "find_sounds", {"what": plan.senses.sound, **every, **self._where(plan)}),
            *facts,
        ]

    def _labelling(self, plan: Plan) -> list[Step]:
        at = self.asked.at
        span = (at.start, at.end) if at else plan.window
        where = {"start": span[0], "end": span[1]} if span else {}
        labels = list(plan.senses.labels)
        return [("labels", "classify", {"labels": labels, "video": self._video, **where})]

    def _wanted(self) -> list[Step]:
        plan, video = self.plan, self._video
        if plan.kind == "sound":
            return self._listening(plan)
        if plan.kind == "like":
            if (at := self.asked.at) is None:
                return []
            return [("alike", "find_similar", {"evidence": at.id, "videos": self._videos})]
        if plan.kind == "label":
            return self._labelling(plan)
        facts: Step = ("video_facts", "video_facts", {"video": video})
        if plan.kind == "facts":
            return [facts]
        if plan.kind == "scenes":
            where = {"video": video, **_window(plan.window)}
            if plan.pick in ("cuts", "first", "last"):
                return [("find_cuts", "find_cuts", where), facts]
            return [("find_scenes", "find_scenes", where)]
        if plan.kind == "summary":
            return [("summary", "summarize_video", {"video": video, "about": about(plan.question)})]
        if plan.kind == "look":
            idle = plan.look.rest if plan.look else ()  # words that are no thing to be seen
            said = re.findall(r"[\w'-]+", plan.question)
            query = " ".join(word for word in said if word.lower() not in idle)
            return [("seen", "search_frames", {"query": query[:400], **self._where(plan)})]
        if plan.kind == "moment":
            calls = [self._around()]
            named = plan.window[0] if plan.window else self.asked.at.start if self.asked.at else 0.0
            instant = plan.window is None or plan.window[1] - plan.window[0] < quoting.INSTANT
            if instant and plan.modality != "speech" and not self.asked.when:
                calls.append(("picture", "look_at", {"video": video, "seconds": named}))
                if is_coarse(self._toolbox.library, video, named):
                    where = {"video": video, "start": named, "end": named + 0.1}
                    calls.insert(0, (_CLOSER, _CLOSER, where))
            return calls
        where = self._where(plan)
        if plan.kind == "order" and plan.sides:
            return [
                (step, "find_words", {"words": list(side), **where})
                for step, side in zip(("first", "second"), plan.sides, strict=True)
            ]
        words = sought(plan)
        known = self._relevance.known(words) or self._relevance.known(plan.topic)
        query = " ".join(() if self._relevance.long else known or words)[:400]
        query = query or plan.question[:400]
        found: list[Step] = [
            ("said", "search_transcript", {"query": query, "limit": SEARCHED, **where}),
            ("shown", "search_screen_text", {"query": query, "limit": SEARCHED, **where}),
        ]
        if plan.kind in ("every", "first", "last"):
            places_of = where if self._asked_of or self.asked.video else _window(plan.window)
            return [("words", "find_words", {"words": list(plan.words), **places_of}), *found]
        if self.asked.otherwise:
            return [*found, self._around()]
        # The mentions of the rarest word are the nearest misses where nothing answers.
        holders = self._relevance.holders
        rare = min(filter(holders, words), key=lambda word: len(holders(word)), default="")
        if rare:
            found.append(("words", "find_words", {"words": [rare], "limit": 6, **where}))
        return found

    def _around(self) -> Step:
        """The step that reads the moment, and what lies near it."""
        at, length = self.asked.at, self._toolbox.library.get(self._video).duration
        start, end = (at.start, at.end) if at else self.plan.window or (0.0, length)
        if at or end - start < quoting.INSTANT:
            before = 0.0 if at and self.asked.direction == "after" else AROUND_SECONDS
            after = 0.0 if at and self.asked.direction == "before" else AROUND_SECONDS
            start, end = max(start - before, 0.0), min(end + after, length)
        return "around", "read_moment", {"video": self._video, "start": start, "end": end}

    def answer(self, results: Sequence[ToolMessage]) -> AIMessage:
        """The sentences, with labels of evidence; or "not found" with the nearest misses."""
        said = self._reply(results)
        told: dict[str, Any] = {"found": said.found, "remarks": list(said.remarks)}
        if not said.found:
            nearest = said.nearest
            if not nearest and self.plan.kind not in ("moment", "facts"):
                nearest = tuple(one for message in results for one in self._found(message))
            told["nearest"] = list(dict.fromkeys(one.label for one in nearest))[:3]
        text = " ".join([*said.sentences, *said.remarks]).strip()
        return AIMessage(content=text, additional_kwargs={KEY: told})

    def _reply(self, results: Sequence[ToolMessage]) -> Reply:
        words, senses = self._apart(results)
        said = self._in_words(words)
        if senses:
            said = with_senses(said, self.plan, self._groups(senses), self._relevance)
        if self.plan.senses.sound:
            return replace(said, remarks=(*said.remarks, *self._unheard(results)))
        if senses or said.found:
            return said
        without = self._toolbox.pictures.blind(self._videos) if self.plan.senses.plainly else ""
        if self.plan.kind == "like":
            without = self._toolbox.pictures.uncompared(self._videos)
        without = without or self._toolbox.texts.unread()
        told = f"{without[:1].upper()}{without[1:]}."
        if not without or told in self._said_before:
            return said
        return replace(said, remarks=(*said.remarks, told))

    def _unheard(self, results: Sequence[ToolMessage]) -> list[str]:
        """Which sound was not there yet when the facts were asked for."""
        facts = [found for message in results for found in self._found(message)]
        late = [found.one.video for found in facts if found.one.facts.get("sound") == "unheard"]
        titles = [quoting.quoted(self._toolbox.library.get(video).title) for video in late]
        return [f"The sound of {' and '.join(titles)} is not indexed yet."] if titles else []

    def _in_words(self, results: Sequence[ToolMessage]) -> Reply:
        return reply(self.asked, self._groups(results), self._relevance)

    def _groups(self, results: Sequence[ToolMessage]) -> quoting.Groups:
        """What each step found, by the name in its call's id."""
        return {m.tool_call_id.partition("-")[2].partition("-")[2]: self._found(m) for m in results}

    def _found(self, message: ToolMessage) -> list[Found]:
        """What a tool returned, in its order, each with the label that cites it."""
        ids: list[str] = message.artifact if isinstance(message.artifact, list) else []
        told = message.additional_kwargs.get(KEY, {}).get("told", [("", 0.0, {})] * len(ids))
        resolved: list[tuple[str, Evidence]] = [
            (id, replace(self._toolbox.library.evidence(id), text=text, score=score, facts=facts))
            for id, (text, score, facts) in zip(ids, told, strict=True)
            if parse_id(id)
        ]
        return [Found(f"e{self._seen.index(id) + 1}", one) for id, one in resolved]


def _unlabelled(asked: Referring) -> Plan:
    """A question with labels where no picture can be compared with them: colours can be seen."""
    plan, labels = asked.plan, asked.plan.senses.labels
    if asked.at and set(labels) <= set(COLOURS):
        return replace(plan, kind="moment", words=())
    return replace(plan, kind="search", senses=Senses(" or ".join(labels), True))


def _window(window: tuple[float, float] | None) -> dict[str, float]:
    if window is None:
        return {}
    start, end = window
    if end - start < quoting.INSTANT:
        start, end = max(start - AROUND_SECONDS, 0.0), end + AROUND_SECONDS
    return {"start": start, "end": end}
