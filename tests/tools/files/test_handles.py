"""A process takes as many open files as it is let, and makes do with few."""

import subprocess
import sys
from pathlib import Path

import pytest

SAYS = """
from pathlib import Path
from tools.files.handles import limit, raise_limit, share
from tools.library import Library
from tools.search.chroma import open_index
import sys
opened = open_index(Library(Path(sys.argv[1])).catalog)
print(limit(), raise_limit(), share(32, 4), opened.name)
opened.close()
"""


@pytest.mark.parametrize(
    ("bound", "told"),
    [
        ("-Sn 64", "1000 1000 32 chroma"),  # which the system lets it raise
        ("-n 64", "64 64 4 exact"),
        ("-n 40", "40 40 1 exact"),
    ],
)
def test_a_low_limit_is_raised_or_lived_with(tmp_path: Path, bound: str, told: str) -> None:
    script = f'ulimit -n 1000; ulimit {bound}; exec "$@"'
    command = ["sh", "-c", script, "sh", sys.executable, "-c", SAYS, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert ended.stdout.strip() == told
