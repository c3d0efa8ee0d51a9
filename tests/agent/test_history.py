from pathlib import Path

from langchain_core.messages import AIMessage

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.fakes import MemoryToolbox, ScriptedModel, calling
from agent.history import answers, conversations
from agent.settings import Settings

WATER = calling("search_transcript", query="water")


async def test_a_conversation_is_told_again_after_a_restart(tmp_path: Path):
    toolbox = MemoryToolbox(tmp_path)
    settings = Settings(home=tmp_path)
    script = [WATER, AIMessage("They salt the water [e1]."), AIMessage("As I said [1].")]
    told: list[Answer] = []
    async with open_agent(settings, toolbox=toolbox, model=ScriptedModel(script=script)) as agent:  # type: ignore[arg-type]
        for question in ("What about the water?", "Really?"):
            told += [
                e async for e in ask(agent, question, thread="chat-a") if isinstance(e, Answer)
            ]
        _ = [event async for event in ask(agent, "Elsewhere?", thread="slack-a")]
    async with open_agent(settings, toolbox=toolbox, model=ScriptedModel(script=script)) as agent:  # type: ignore[arg-type]
        (one,) = await conversations(agent, "chat-")
        assert (one.thread, one.title) == ("chat-a", "What about the water?")
        again = await answers(agent, one.thread)
        assert [(a.question, a.answer, a.claims, a.evidence) for a in again] == [
            (a.question, a.answer, a.claims, a.evidence) for a in told
        ]
        toolbox.library.remove("a" * 16)
        gone = await answers(agent, one.thread)
        assert [a.answer for a in gone] == [a.answer for a in told]
        assert not any(a.evidence for a in gone)
        assert await answers(agent, "chat-none") == []
        assert await conversations(agent, "chat_") == [], "no letter stands for any other"
