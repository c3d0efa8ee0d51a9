"""Advertisements: three sizes that play, say their script in time, and show their product."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from benchmarks import products
from tests.tools.generate.animatic.conftest import SCRIPT, SIDE, Make, ad, held
from tools.errors import Interrupted, RefusedRequest, VideoError
from tools.generate.animatic import compose as composer
from tools.generate.animatic.compose import compose
from tools.generate.animatic.layers import Pixels
from tools.generate.animatic.plan import Line, Plan, Shot
from tools.generate.providers import Piece, Work
from tools.generate.providers.animatic import Animatic
from tools.video.levels import LOUDNESS, measured
from tools.video.tracks import read_subtitles


def cues(path: Path) -> list[tuple[float, float, str]]:
    (track,) = read_subtitles(str(path))
    return [tuple(cue) for cue in track["cues"]]


def test_each_size_is_a_whole_film_with_sound_captions_and_a_sheet(make: Make) -> None:
    pieces = make(ad(aspects=("16:9", "9:16", "1:1")))
    assert [piece.aspect for piece in pieces] == ["16:9", "9:16", "1:1"]
    for piece, size in zip(pieces, ((320, 180), (180, 320), (180, 180)), strict=True):
        film = held(piece.path)
        assert film.size == size and film.pixels == "yuv420p" and film.rate == 25
        assert film.codecs == ("h264", "aac", "mov_text")
        assert film.sound_rate == 48_000 and len(film.sound) == 2
        assert len(film.frames) == 200 and film.times[-1] == pytest.approx(7.96, abs=1e-3)
        assert piece.duration == 8.0
        assert film.sound.shape[1] / 48_000 == pytest.approx(8.0, abs=0.05)
        assert [text for _, _, text in cues(piece.path)] == list(SCRIPT)
        shots = [row for row in piece.sheet if "shot" in row]
        assert [row["text"] for row in shots] == list(SCRIPT)
        assert {row["source"] for row in shots} == {"mug.png"}
        assert all("background" in row["synthetic"] for row in shots)
        parts = {row["part"]: row for row in piece.sheet if "part" in row}
        assert parts["voice"]["source"] == "hibari-tts" and parts["voice"]["synthetic"] == ["voice"]
        assert parts["music"]["synthetic"] == ["music"]
        assert piece.scores["script"]["score"] == 1.0
        assert piece.scores["likeness"]["score"] > 0.85
        assert piece.path.read_bytes().find(b"moov") < piece.path.read_bytes().find(b"mdat")


def test_a_sentence_begins_with_its_caption_to_80_milliseconds(make: Make) -> None:
    (piece,) = make(ad(music=False))
    film = held(piece.path)
    loud = np.abs(film.sound).max(axis=0)
    for start, _, _ in cues(piece.path):
        begin = round((start - 0.3) * 48_000)
        window = loud[begin : begin + round(0.8 * 48_000)]
        onset = begin + int(np.argmax(window > 0.02))
        assert abs(onset / 48_000 - start) <= 0.08
    told = piece.scores["voice_offsets_ms"]
    assert len(told) == 3 and all(abs(one) <= 80 for one in told)


def test_the_sound_is_as_loud_as_films_on_the_web(make: Make) -> None:
    (piece,) = make(ad())
    level = measured(held(piece.path).sound)
    assert level.loudness == pytest.approx(LOUDNESS, abs=1.0)
    assert level.peak <= -0.5


def test_the_same_request_and_seed_give_the_same_frames(make: Make) -> None:
    request = ad(seconds=6.0, seed=3, voice=False, music=False)
    first, again = (held(make(request)[0].path).frames for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    other = held(make(ad(seconds=6.0, seed=4, voice=False, music=False))[0].path).frames
    assert any(not np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_without_a_voice_captions_stand_alone_and_the_sheet_says_so(make: Make) -> None:
    (piece,) = make(ad(voice=False))
    (voice,) = (row for row in piece.sheet if row.get("part") == "voice")
    assert voice["source"] == "" and voice["synthetic"] == []
    assert [text for _, _, text in cues(piece.path)] == list(SCRIPT)
    assert "voice_offsets_ms" not in piece.scores


def test_a_brief_becomes_a_script_in_its_language(make: Make) -> None:
    request = ad(
        prompt="Mach mir eine Werbung für diese Tasse: hält schön warm, spülmaschinenfest",
        script=(), title="Töpferei Öl & Söhne", language="de", seconds=9.0, label=True,
    )  # fmt: skip
    (piece,) = make(request)
    said = [text for _, _, text in cues(piece.path)]
    assert said[0] == "Das ist Töpferei Öl & Söhne."
    assert "Hält schön warm." in said and "Spülmaschinenfest." in said


def plan(target: Path, picture: Path, reference: Path) -> Plan:
    shots = [
        Shot("product", text=text, headline=text, source=str(picture), layout=layout)
        for text, layout in zip(SCRIPT, ("right", "left", "end"), strict=True)
    ]
    return Plan(
        target=str(target), width=320, height=SIDE, seconds=6.0, shots=shots,
        lines=[Line(text) for text in SCRIPT], bound=True, references=[str(reference)],
    )  # fmt: skip


@pytest.mark.parametrize("swapped", ["bottle", "green mug"])
def test_a_product_that_is_not_the_one_of_the_picture_is_refused(
    tmp_path: Path, swapped: str
) -> None:
    mug = products.mug(tmp_path / "mug.png")
    other = tmp_path / "other.png"
    if swapped == "bottle":
        products.bottle(other)
    else:
        products.mug(other, colour=(60, 140, 80))
    (*_, last) = compose(**plan(tmp_path / "same.mp4", mug, mug).arguments())
    assert last["scores"]["likeness"]["score"] > 0.85
    with pytest.raises(RefusedRequest, match="does not show the product") as refused:
        list(compose(**plan(tmp_path / "swapped.mp4", other, mug).arguments()))
    assert "\n" not in str(refused.value)


def test_every_frame_goes_through_what_marks_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []

    def brighter(luma: Pixels) -> Pixels:
        seen.append(luma.shape)
        return np.minimum(luma, 220) + np.uint8(14)

    mug = products.mug(tmp_path / "mug.png")
    bare, marked = tmp_path / "bare.mp4", tmp_path / "marked.mp4"
    list(compose(**plan(bare, mug, mug).arguments()))
    monkeypatch.setattr(composer, "marker", lambda plan: brighter)
    list(compose(**plan(marked, mug, mug).arguments()))
    assert seen == [(SIDE, 320)] * 150
    first, second = held(bare).frames, held(marked).frames
    steps = [b.mean() - a.mean() for a, b in zip(first, second, strict=True)]
    assert min(steps) > 3


def bomb(path: Path) -> None:
    """A PNG of a few bytes that claims 40,000 x 40,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    head = struct.pack(">IIBBBBB", 40_000, 40_000, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)


@pytest.mark.parametrize("kind", ["bomb", "cut short", "text", "empty"])
def test_a_hostile_picture_is_refused_in_a_sentence(
    animatic: Animatic, inputs: Path, tmp_path: Path, kind: str
) -> None:
    path = inputs / "mug.png"
    if kind == "bomb":
        bomb(path)
    else:
        whole = path.read_bytes()
        left = {"cut short": whole[: len(whole) // 2], "text": b"<svg/>", "empty": b""}
        path.write_bytes(left[kind])
    folder = tmp_path / "out"
    folder.mkdir()
    work = Work("job", ad(voice=False), inputs, 1)
    with pytest.raises(VideoError) as refused:
        animatic.fetch(animatic.submit(work), work, folder, lambda _: None)
    assert "\n" not in str(refused.value) and str(inputs) not in str(refused.value)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("late", [False, True], ids=["first size", "second size"])
def test_a_cancelled_film_leaves_nothing(
    animatic: Animatic, inputs: Path, tmp_path: Path, late: bool
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    work = Work("job", ad(voice=False, seconds=6.0, aspects=("1:1", "16:9")), inputs, 1)
    id = animatic.submit(work)
    told: list[float] = []

    def stop(fraction: float) -> None:
        told.append(fraction)
        if fraction > (0.5 if late else 0.1):
            animatic.cancel(id)

    with pytest.raises(Interrupted, match="cancelled"):
        animatic.fetch(id, work, folder, stop)
    assert list(folder.iterdir()) == [] and told == sorted(told)
    pieces = animatic.fetch(id, work, folder, lambda _: None)  # and it can be made again
    assert [piece.path.parent for piece in pieces] == [folder, folder]


def refused(animatic: Animatic, given: Path, **changes: object) -> str:
    with pytest.raises(RefusedRequest) as error:
        animatic.submit(Work("job", ad(**changes), given, 1))
    return str(error.value)


def test_what_is_missing_is_said_before_anything_is_made(animatic: Animatic, inputs: Path) -> None:
    assert "picture of the product" in refused(animatic, inputs, inputs=())
    assert "no file" in refused(animatic, inputs, inputs=("../mug.png",))
    assert "1 to 60 seconds" in refused(animatic, inputs, seconds=90.0)


def test_a_script_that_takes_too_long_is_refused(make: Make) -> None:
    with pytest.raises(RefusedRequest, match="takes about"):
        make(ad(seconds=4.0, voice=False))


def test_nothing_leaves_and_nothing_is_paid(animatic: Animatic) -> None:
    assert animatic.local and animatic.price(ad()) == 0.0 and animatic.leaves(ad()) == []
    assert animatic.poll("animatic-job").state == "done"


def test_several_pictures_take_turns(make: Make) -> None:
    (piece,) = make(ad(inputs=("mug.png", "bottle.png"), voice=False))
    assert isinstance(piece, Piece)
    sources = [row["source"] for row in piece.sheet if "shot" in row]
    assert sources == ["mug.png", "bottle.png", "mug.png"]
