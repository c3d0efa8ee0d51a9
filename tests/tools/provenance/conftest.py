"""A film, keys of somebody's own, and the film signed with them."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tools.provenance.identity import Keys
from tools.provenance.keys import make_chain
from tools.provenance.signing import Action, Made, sign

GENERATED = Made("A dog", (Action("created", "trainedAlgorithmicMedia", "a dog on a beach"),))


@dataclass
class Studio:
    """Somebody who signs: their folder, keys, an unsigned film and a signed one."""

    folder: Path
    keys: Keys
    film: Path
    signed: Path


def write_keys(folder: Path, organisation: str, unit: str = "") -> Keys:
    """Keys as files, as their owner keeps them."""
    folder.mkdir(exist_ok=True)
    key, certificates = make_chain(organisation, unit)
    keys = Keys(folder / "own.key", folder / "own.pem")
    keys.key.touch(0o600)
    keys.key.write_bytes(key)
    keys.certificates.write_bytes(certificates)
    return keys


@pytest.fixture
def studio(shots: Path, tmp_path: Path) -> Studio:
    keys = write_keys(tmp_path / "keys", "Gull Point Films")
    film, signed = tmp_path / "film.mp4", tmp_path / "signed.mp4"
    shutil.copy(shots, film)
    sign(film, signed, GENERATED, keys)
    return Studio(tmp_path, keys, film, signed)
