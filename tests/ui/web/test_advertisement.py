"""An advertisement that was made here plays in a browser, with its sound and to its end."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks import products
from tools.generate.providers import Work
from tools.generate.providers.animatic import Animatic
from tools.generate.request import GenerationRequest
from tools.library import Library

PLAY = """async () => {
  const video = document.querySelector("video")
  await new Promise((done, failed) => {
    video.addEventListener("ended", done)
    video.addEventListener("error", () => failed(video.error.message))
    video.playbackRate = 4
    video.play().catch(failed)
  })
  return {
    size: [video.videoWidth, video.videoHeight], duration: video.duration,
    heard: video.webkitAudioDecodedByteCount, seen: video.webkitDecodedFrameCount,
  }
}"""


@pytest.mark.browser
def test_an_advertisement_plays_in_chromium(chromium: Any, tmp_path: Path) -> None:
    products.mug(tmp_path / "mug.png")
    request = GenerationRequest(
        "ad", "an ad", 6.0, ("9:16",), inputs=("mug.png",),
        script=("Slow mornings.", "Hot coffee.", "Take it home."),
    )  # fmt: skip
    out = tmp_path / "out"
    out.mkdir()
    maker = Animatic(Library(tmp_path / "library"), short_side=240, watermark=False)
    work = Work("job", request, tmp_path, 7)
    (piece,) = maker.fetch(maker.submit(work), work, out, lambda _: None)
    (out / "page.html").write_text(f'<video src="{piece.path.name}" preload="auto"></video>')
    page = chromium.new_context().new_page()
    page.goto((out / "page.html").as_uri())
    played = page.evaluate(PLAY)
    page.context.close()
    assert played["size"] == [240, 426]
    assert played["duration"] == pytest.approx(6.0, abs=0.06)
    assert played["heard"] > 10_000 and played["seen"] > 50
