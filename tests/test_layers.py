import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [p for d in ("agent", "tools", "ui", "prompts") for p in sorted((ROOT / d).rglob("*.py"))]
ALLOWED = {
    "tools": {"tools"},
    "prompts": {"prompts"},
    "agent": {"agent", "tools", "prompts"},
    "ui": {"ui", "agent", "tools"},
}
OWNERS = {
    "av": ("tools/video/",),
    "cv2": ("tools/vision/",),
    "chromadb": ("tools/search/",),
    "langgraph": ("agent/",),
    "langchain_core": ("agent/",),
    "langchain_openai": ("agent/",),
    "openai": ("agent/",),
    "chainlit": ("ui/chat/",),
    "typer": ("ui/cli/",),
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_and_each_heavy_package_has_one_owner(path: Path):
    name = path.relative_to(ROOT).as_posix()
    folder = name.split("/")[0]
    for package in imports(path):
        assert package not in ALLOWED or package in ALLOWED[folder], f"{package} is above {name}"
        owners = OWNERS.get(package, ("",))
        assert name.startswith(owners), f"{package} belongs to {', '.join(owners)}"


def test_no_python_file_is_longer_than_400_lines():
    folders = ("agent", "tools", "ui", "prompts", "tests", "benchmarks", "samples")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    long = {str(p): n for p in files if (n := len(p.read_text("utf-8").splitlines())) > 400}
    assert not long


def test_settings_load_without_the_agents_packages():
    code = "import sys, agent.settings; sys.exit('langgraph' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT, timeout=30)
