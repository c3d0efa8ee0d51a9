"""The command `cuepoint provenance`: any file, in words and as JSON."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.provenance.identity import Signing
from tools.provenance.keys import keys_of
from tools.provenance.signing import Action, Made, sign

Run = Callable[..., tuple[int, str, str]]


def test_a_file_is_told_as_it_tells_itself(
    cuepoint: Run, shots: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, signed = tmp_path / "plain.mp4", tmp_path / "signed.mp4"
    shutil.copy(shots, plain)
    keys = keys_of(tmp_path / "studio", Signing())
    sign(plain, signed, Made("A dog", (Action("created", "trainedAlgorithmicMedia"),)), keys)

    status, said, _ = cuepoint("provenance", plain)
    assert status == 0 and said.startswith("The file carries no content credentials.\n")
    status, said, _ = cuepoint("provenance", signed, "--json")
    told = json.loads(said)
    assert status == 0 and told["state"] == "valid, signer unknown"
    assert told["made_by"].startswith("Cuepoint ") and told["watermark"] is None
    assert {"ingredients", "signals"} <= told.keys()

    monkeypatch.setenv("CUEPOINT_TRUST", str(keys.certificates))
    status, said, _ = cuepoint("provenance", signed)
    assert status == 0 and "by a trusted signer" in said
    assert "The credentials say: made by a generative AI model." in said


def test_what_is_no_video_is_one_line(cuepoint: Run, tmp_path: Path) -> None:
    words = tmp_path / "notes.mp4"
    words.write_text("no video")
    for name in (words, "nothing"):
        status, said, told = cuepoint("provenance", name)
        assert status == 1 and not said and len(told.splitlines()) == 1
