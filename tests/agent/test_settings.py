import copy
import dataclasses
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agent.llm.limits import Limits
from agent.settings import Secret, Settings
from tools.errors import VideoError
from tools.models.providers import Providers


def options(part: Any) -> dict[str, Any]:
    """Every option by its name, those of the parts with them."""
    found: dict[str, Any] = {}
    for option in dataclasses.fields(part):
        value = getattr(part, option.name)
        found |= options(value) if dataclasses.is_dataclass(value) else {option.name: value}
    return found


def test_defaults_need_no_environment():
    settings = Settings.from_env({})
    assert settings.home.name == "cuepoint"
    assert (settings.owner, settings.host, settings.port) == ("local", "127.0.0.1", 8000)
    assert settings.limits == Limits(8, 60.0, 12, 90.0) and settings.providers == Providers()
    assert settings.openai_api_key is None and settings.model == ""


def test_every_field_can_be_set_by_its_variable():
    environ = {
        "CUEPOINT_HOME": "/data/cue",
        "CUEPOINT_OWNER": "ann",
        "CUEPOINT_MODEL": "qwen3",
        "OPENAI_API_KEY": "sk-1",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "CUEPOINT_MODEL_PORTS": "off",
        "CUEPOINT_HOST": "0.0.0.0",
        "CUEPOINT_PORT": "9000",
        "CUEPOINT_ALLOWED_HOSTS": "a.example, b.example",
        "CUEPOINT_URL": "https://films.example",
        "CUEPOINT_SIGN_IN": "password",
        "CUEPOINT_SIGN_IN_HEADER": "X-User",
        "CUEPOINT_TRUSTED_PROXIES": "10.0.0.1",
        "CUEPOINT_OPEN_LIBRARIES": "3",
        "CUEPOINT_SLACK_BOT_TOKEN": "xoxb-1",
        "CUEPOINT_SLACK_SIGNING_SECRET": "s-1",
        "CUEPOINT_SLACK_APP_TOKEN": "xapp-1",
        "CUEPOINT_SLACK_API": "https://proxy.example/api/",
        "CUEPOINT_ROOTS": "/videos:/more",
        "CUEPOINT_UPLOAD_LIMIT": "500M",
        "CUEPOINT_UPLOAD_ROOM": "9G",
        "CUEPOINT_UPLOAD_STALL": "30",
        "CUEPOINT_GENERATOR": "animatic",
        "CUEPOINT_GENERATE_JOB_USD": "1.5",
        "CUEPOINT_GENERATE_DAY_USD": "3",
        "CUEPOINT_GENERATE_REFUSE": "/data/refused.txt",
        "CUEPOINT_GENERATE_LABEL": "on",
        "RUNWAYML_API_SECRET": "key_x",
        "CUEPOINT_RUNWAY_MODEL": "veo3.1",
        "CUEPOINT_RUNWAY_BASE_URL": "http://127.0.0.1:9",
        "CUEPOINT_VIDEOS_BASE_URL": "http://127.0.0.1:9/v1",
        "CUEPOINT_VIDEOS_MODEL": "film-1",
        "CUEPOINT_VIDEOS_KEY": "sk-x",
        "CUEPOINT_VIDEOS_USD_PER_SECOND": "0.1",
        "CUEPOINT_SPEECH_BASE_URL": "http://127.0.0.1:9/v1",
        "CUEPOINT_SPEECH_MODEL": "tts-2",
        "CUEPOINT_SPEECH_VOICE": "onyx",
        "CUEPOINT_SPEECH_KEY": "sk-y",
        "CUEPOINT_SPEECH_USD_PER_1000": "0.02",
        "CUEPOINT_MODERATION_BASE_URL": "http://127.0.0.1:9/v1",
        "CUEPOINT_MODERATION_MODEL": "m-2",
        "CUEPOINT_SIGNING_KEY": "/keys/key.pem",
        "CUEPOINT_SIGNING_CERTIFICATES": "/keys/chain.pem",
        "CUEPOINT_TRUST": "/keys/trust.pem",
        "CUEPOINT_TEXT_READER": "rapidocr",
        "CUEPOINT_EMBEDDER": "wordllama",
        "CUEPOINT_TRANSCRIBER": "whisper:small",
        "CUEPOINT_PICTURE_EMBEDDER": "siglip2",
        "CUEPOINT_DIARIZER": "none",
        "CUEPOINT_DETECTOR": "none",
        "CUEPOINT_TRACKER": "norfair",
        "CUEPOINT_RERANKER": "none",
        "CUEPOINT_SOUNDS": "none",
        "CUEPOINT_THREADS": "2",
        "CUEPOINT_SCREEN_LINES": "9000",
        "CUEPOINT_SPEECH_LANGUAGE": "de",
        "CUEPOINT_BACKGROUND": "off",
        "CUEPOINT_DEVICE": "cuda",
        "CUEPOINT_WORKERS": "3",
        "CUEPOINT_HUB": "off",
        "CUEPOINT_MODEL_CALLS": "3",
        "CUEPOINT_MODEL_WAIT": "7",
        "CUEPOINT_TOOL_CALLS": "4",
        "CUEPOINT_QUESTION_SECONDS": "5.5",
        "CUEPOINT_QUESTION_TOKENS": "64K",
        "CUEPOINT_QUESTION_USD": "0.2",
        "CUEPOINT_DAY_TOKENS": "1M",
        "CUEPOINT_DAY_USD": "2.5",
        "CUEPOINT_MODEL_SEES": "yes",
        "CUEPOINT_MODEL_TABLE": "/data/models.json",
        "CUEPOINT_ANSWERS": "reader",
        "CUEPOINT_ADDRESSES": "on",
    }
    settings = Settings.from_env(environ)
    unset = Settings.from_env({})
    for name, value in options(settings).items():
        assert value != options(unset)[name], name
    assert settings.roots == (Path("/videos"), Path("/more"))
    assert settings.allowed_hosts == ("a.example", "b.example")
    assert settings.upload_limit == 500 << 20
    assert settings.limits.question_seconds == 5.5


def test_an_unknown_name_is_refused_with_the_known_ones():
    with pytest.raises(VideoError, match=r"CUEPOINT_MODLE; known: .*CUEPOINT_MODEL, "):
        Settings.from_env({"CUEPOINT_MODLE": "x"})


def test_names_for_tests_and_empty_values_are_ignored():
    environ = {"CUEPOINT_MEDIA": "/m", "CUEPOINT_CHROMIUM": "/c", "CUEPOINT_PORT": " ", "PATH": "x"}
    assert Settings.from_env(environ) == Settings.from_env({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CUEPOINT_PORT", "eighty"),
        ("CUEPOINT_PORT", "70000"),
        ("CUEPOINT_OWNER", "../ann"),
        ("CUEPOINT_OWNER", ".ann"),
        ("CUEPOINT_QUESTION_SECONDS", "soon"),
        ("CUEPOINT_QUESTION_SECONDS", "nan"),
        ("CUEPOINT_MODEL_CALLS", "0"),
        ("CUEPOINT_DEVICE", "tpu"),
        ("CUEPOINT_UPLOAD_LIMIT", "-5"),
        ("OPENAI_BASE_URL", "ftp://x"),
        ("OPENAI_BASE_URL", "https://user:password@host/v1"),
    ],
)
def test_a_wrong_value_is_one_line_that_a_person_can_act_on(name: str, value: str):
    with pytest.raises(VideoError) as caught:
        Settings.from_env({name: value})
    assert "\n" not in str(caught.value)
    assert "password" not in str(caught.value).replace("user or password", "")


def test_secrets_print_as_stars():
    settings = Settings.from_env({"OPENAI_API_KEY": "sk-canary"})
    for text in (repr(settings), str(settings), f"{settings.openai_api_key}", repr([settings])):
        assert "canary" not in text and "***" in text
    assert "canary" not in str(dataclasses.asdict(settings))
    assert "canary" not in str(copy.deepcopy(settings))
    assert settings.openai_api_key == Secret("sk-canary")
    assert settings.openai_api_key.reveal() == "sk-canary"
    with pytest.raises(TypeError):
        pickle.dumps(settings)


def test_importing_it_is_cheap():
    code = (
        "import sys, time; begun = time.perf_counter(); import agent.settings, agent.ask;"
        "heavy = {'langgraph', 'langchain_core', 'openai', 'numpy', 'pydantic'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}') if heavy else None"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)
