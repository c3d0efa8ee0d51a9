"""A real language model, where the settings of whoever runs this name one: pytest -m live."""

import os
from pathlib import Path

import pytest

from agent.agent import open_agent
from agent.ask import Answer, ask
from agent.settings import Settings
from tools.ingest.pipeline import ingest
from tools.library import Library
from tools.models.providers import Providers


@pytest.mark.live
async def test_a_real_model_answers_from_the_sample(sample: Path, tmp_path: Path):
    if not {"OPENAI_API_KEY", "OPENAI_BASE_URL"} & set(os.environ):
        pytest.skip("no language model (OPENAI_API_KEY or OPENAI_BASE_URL with CUEPOINT_MODEL)")
    settings = Settings.from_env({**os.environ, "CUEPOINT_HOME": str(tmp_path)})
    video = ingest(Library(tmp_path), sample, providers=Providers("none", "auto", "none", "none"))
    async with open_agent(settings) as agent:
        for question, truth in (
            ("How often does the ferry leave?", (9.0, 14.0)),
            ("And what happens if I miss the last one?", (13.0, 17.5)),
        ):
            answer = [e async for e in ask(agent, question, thread="t", videos=[video.id])][-1]
            assert isinstance(answer, Answer) and answer.found and answer.tokens[0] > 0
            middles = [(c.evidence.start + c.evidence.end) / 2 for c in answer.evidence]
            assert any(truth[0] <= middle <= truth[1] for middle in middles), answer.answer
