"""Signing: a key nobody else sees, whole files or none, beside any number of threads."""

import logging
import os
import stat
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Shelf
from tests.tools.provenance.conftest import GENERATED, Studio, write_keys
from tools.errors import RefusedRequest, UnreadableMedia
from tools.export.clips import cut_clip
from tools.export.moments import Moment
from tools.export.reels import join_reel
from tools.library import Library
from tools.provenance.credentials import Credentials, Source, Step, read_credentials
from tools.provenance.identity import Keys, Signing
from tools.provenance.keys import FOLDER, keys_of
from tools.provenance.signing import Action, Ingredient, Made, check_signed, sign
from tools.store.evidence import of_span

THREADS = 8
SIGNINGS = 100 if os.environ.get("CUEPOINT_TORTURE") == "long" else 20


def secrets_of(keys: Keys) -> list[bytes]:
    """Lines of a key, each of which alone would give it away."""
    lines = keys.key.read_bytes().splitlines()
    return [line for line in lines if not line.startswith(b"-----") and len(line) > 20]


def test_a_key_that_others_may_read_signs_nothing(studio: Studio) -> None:
    target = studio.folder / "new.mp4"
    for mode in (0o604, 0o640, 0o666):
        studio.keys.key.chmod(mode)
        with pytest.raises(RefusedRequest, match="can be read by others: `chmod 600` it"):
            sign(studio.film, target, GENERATED, studio.keys)
    assert not target.exists()


def test_a_public_test_certificate_signs_nothing(studio: Studio) -> None:
    for organisation, unit in (("C2PA Test Signing Cert", ""), ("Us", "FOR TESTING_ONLY")):
        keys = write_keys(studio.folder / "public", organisation, unit)
        with pytest.raises(RefusedRequest, match="public test certificate of c2pa-python"):
            sign(studio.film, studio.folder / "new.mp4", GENERATED, keys)
    assert not (studio.folder / "new.mp4").exists()


@pytest.mark.parametrize("text", ["", "no key", "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END"])
def test_what_is_no_key_is_told_without_what_it_holds(studio: Studio, text: str) -> None:
    studio.keys.key.write_text(text)
    with pytest.raises(RefusedRequest, match="none that C2PA knows") as told:
        sign(studio.film, studio.folder / "new.mp4", GENERATED, studio.keys)
    assert "QUJD" not in str(told.value)


def test_a_key_stands_in_no_argument_log_error_or_file(
    studio: Studio, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[Any] = []
    popen = subprocess.Popen

    def watched(*arguments: Any, **options: Any) -> Any:
        started.append((arguments, options))
        return popen(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", watched)
    caplog.set_level(logging.DEBUG)
    other = write_keys(studio.folder / "others", "Somebody Else")
    mixed = Keys(studio.keys.key, other.certificates)
    with pytest.raises((RefusedRequest, UnreadableMedia)) as told:
        sign(studio.film, studio.folder / "never.mp4", GENERATED, mixed)
    sign(studio.film, studio.folder / "new.mp4", GENERATED, studio.keys)
    assert not (studio.folder / "never.mp4").exists() and started
    seen = [repr(started), caplog.text, str(told.value), repr(read_credentials(studio.signed))]
    written = [one for one in studio.folder.rglob("*") if one.is_file() and one.suffix != ".key"]
    for secret in secrets_of(studio.keys):
        assert not [text for text in seen if secret.decode() in text]
        assert not [one for one in written if secret in one.read_bytes()]


def test_without_a_key_one_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: keys_of(tmp_path, Signing()), range(4)))
    assert len(set(made)) == 1 and stat.S_IMODE(made[0].key.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / FOLDER).stat().st_mode) == 0o700
    before = made[0].key.read_bytes()
    assert keys_of(tmp_path, Signing()) == made[0] and made[0].key.read_bytes() == before


def test_a_key_and_its_certificates_are_set_together(studio: Studio) -> None:
    with pytest.raises(RefusedRequest, match="belong together"):
        keys_of(studio.folder, Signing(signing_key=studio.keys.key))
    own = Signing(studio.keys.key, studio.keys.certificates)
    assert keys_of(studio.folder, own) == studio.keys
    assert not (studio.folder / FOLDER).exists()


def test_twenty_files_are_signed_beside_busy_threads(studio: Studio) -> None:
    over, guard = threading.Event(), threading.Lock()

    def busy() -> int:
        turns = 0
        while not over.wait(0.001):  # each often holds a lock, as one that forks would find it
            with guard:
                turns += len(bytes(1 << 16))
        return turns

    with ThreadPoolExecutor(THREADS) as pool:
        turning = [pool.submit(busy) for _ in range(THREADS)]
        try:
            for number in range(SIGNINGS):
                sign(studio.film, studio.folder / f"{number}.mp4", GENERATED, studio.keys)
        finally:
            over.set()
        assert all(one.result() for one in turning)
    assert len(list(studio.folder.glob("[0-9]*.mp4"))) == SIGNINGS


def test_nothing_is_there_where_a_file_can_not_be_signed(studio: Studio) -> None:
    empty, target = studio.folder / "words.mp4", studio.folder / "new.mp4"
    empty.write_text("no video at all")
    with pytest.raises(UnreadableMedia, match="could not be signed"):
        sign(empty, target, GENERATED, studio.keys)
    assert not target.exists() and not list(studio.folder.glob(".cuepoint*"))


@pytest.mark.parametrize(
    "found",
    [
        Credentials(),
        Credentials("tampered", "A dog", actions=(Step("c2pa.created"),)),
        Credentials("trusted", "A cat", actions=(Step("c2pa.created"),)),
        Credentials("trusted", "A dog", actions=(Step("c2pa.edited"),)),
        Credentials("trusted", "A dog", (), "", (Source("x", "y"),), (Step("c2pa.created"),)),
    ],
)
def test_what_reads_back_otherwise_is_not_signed(found: Credentials) -> None:
    with pytest.raises(UnreadableMedia, match="does not hold when it is read back"):
        check_signed(found, GENERATED)


def test_what_can_not_be_said_is_refused(studio: Studio) -> None:
    parent = Ingredient(studio.film, "film", "parentOf")
    for actions, ingredients in (
        ((), ()),
        ((Action("edited"),), ()),
        ((Action("opened"),), ()),
        ((Action("created"),), (parent,)),
    ):
        with pytest.raises(ValueError, match=r"action|parent"):
            Made("x", actions, ingredients)


def test_a_watermark_is_said_to_be_in_the_picture_and_bound_to_nothing(studio: Studio) -> None:
    made = Made("A dog", GENERATED.actions, watermark=0xC0FFEE)
    sign(studio.film, studio.signed, made, studio.keys)
    found = read_credentials(studio.signed)
    assert found.watermark == "00c0ffee"
    assert [step.name for step in found.actions][1:] == ["c2pa.watermarked.unbound"]


def test_a_clip_says_of_which_video_it_was_cut(shelf: Shelf, tmp_path: Path) -> None:
    video, target = shelf.library.get(shelf.video), tmp_path / "clip.mp4"
    cut_clip(shelf.library, video, 1.0, 2.0, target)
    found = read_credentials(target, shelf.library.home / FOLDER / "certificates.pem")
    assert found.state == "trusted" and found.title == "clip.mp4"
    assert found.ingredients == (Source("kettle!", "parentOf", False),)
    assert [step.name for step in found.actions] == [
        "c2pa.opened", "c2pa.trimmed", "c2pa.transcoded",
    ]  # fmt: skip
    assert found.actions[1].description == "kettle!: 0:01\N{EN DASH}0:02"
    assert found.source_types == ()  # nobody says that a model made it


def test_a_clip_that_can_not_be_signed_is_not_there(shelf: Shelf, tmp_path: Path) -> None:
    keys = write_keys(tmp_path / "keys", "Us")
    keys.key.chmod(0o644)
    library = Library(shelf.library.home, signing=Signing(keys.key, keys.certificates))
    with pytest.raises(RefusedRequest, match="chmod 600"):
        cut_clip(library, library.get(shelf.video), 1.0, 2.0, tmp_path / "clip.mp4")
    assert [one.name for one in tmp_path.iterdir()] == ["keys"]


def test_a_reel_names_its_video_and_every_span(shelf: Shelf, tmp_path: Path) -> None:
    spans = ((1.0, 2.0), (4.0, 5.0))
    moments = [Moment(of_span(shelf.library, shelf.video, *span), None, *span) for span in spans]
    join_reel(shelf.library, moments, tmp_path / "reel.mp4")
    found = read_credentials(tmp_path / "reel.mp4")
    assert found.state == "valid, signer unknown"
    assert "0:01\N{EN DASH}0:02, 0:04\N{EN DASH}0:05" in found.actions[1].description
