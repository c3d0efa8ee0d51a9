"""Make the README's picture: a real answer in the real chat, `python docs/make_picture.py [FILE]`.

Needs the test extra and Chromium, on PATH or named by CUEPOINT_CHROMIUM.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parents[1]
CUEPOINT = (sys.executable, "-c", "from ui.cli.app import main; main()")
QUESTION = "How often is the Marigold mentioned?"
HANDLE = 2
"""The cited frame that is played."""
SIZE = (1120, 820)
LIMIT = 300_000
"""Bytes that the picture may have."""
STANDS = """moment => {
    const player = document.querySelector('[data-testid=player]')
    return player.readyState >= 3 && player.currentTime > moment && player.videoWidth > 0
}"""
LOADED = """() => [...document.querySelectorAll('.cue-card img')]
    .every(one => one.complete && one.naturalWidth > 0)"""


def index_sample(home: Path) -> None:
    """Put the sample into a library."""
    index = [*CUEPOINT, "--library", str(home), "index", "samples/lighthouse.mp4"]
    subprocess.run(index, cwd=ROOT, check=True)


@contextmanager
def chat(home: Path, **settings: str) -> Iterator[str]:
    """The address of a chat over a library."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "CUEPOINT_HOME": str(home), **settings}
    server = subprocess.Popen([*CUEPOINT, "chat", "--port", str(port)], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(server, url)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(server: "subprocess.Popen[bytes]", url: str) -> None:
    """Return once the server says that it is ready."""
    while True:
        try:
            with urlopen(url + "/health", timeout=5):
                return
        except URLError:
            try:
                server.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
            raise SystemExit("the server stopped") from None


def ask(page: Any, question: str) -> Any:
    """Ask in the chat; returns the evidence below the answer."""
    page.locator("#chat-input").click()
    page.keyboard.type(question)
    page.locator("#chat-submit:not([disabled])").click()
    evidence = page.get_by_test_id("evidence").last
    evidence.wait_for()
    page.locator("#stop-button").wait_for(state="detached")
    page.wait_for_function(LOADED)
    return evidence


@contextmanager
def browsing() -> Iterator[Any]:
    """Chromium, on PATH or as the environment names it."""
    from playwright.sync_api import sync_playwright

    names = ("chromium", "chromium-browser", "google-chrome")
    program = os.environ.get("CUEPOINT_CHROMIUM") or next(
        filter(None, map(shutil.which, names)), None
    )
    if program is None:
        raise SystemExit("no Chromium on PATH; name it in CUEPOINT_CHROMIUM")
    arguments = ["--autoplay-policy=no-user-gesture-required", "--mute-audio", "--hide-scrollbars"]
    arguments += ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


def take(browser: Any, url: str, picture: Path) -> None:
    """Ask, play one cited frame for a moment, stop there, take the picture."""
    width, height = SIZE
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark")
    page.goto(url)
    page.get_by_text("is loaded").wait_for()
    card = ask(page, QUESTION).locator(f".cue-card[data-handle='{HANDLE}']")
    card.click()
    page.wait_for_function(STANDS, arg=float(card.get_attribute("data-start")) + 2)
    page.get_by_test_id("player").last.evaluate("player => player.pause()")
    page.mouse.move(width - 1, height - 1)
    page.evaluate("document.activeElement.blur()")
    page.screenshot(path=picture, animations="disabled")


def shrink(picture: Path, limit: int) -> None:
    """Write the picture small, with 256 colours if it must be; SystemExit above `limit` bytes."""
    from PIL import Image

    with Image.open(picture) as image:
        whole = image.convert("RGB")
    whole.save(picture, optimize=True)
    if picture.stat().st_size > limit:
        whole.quantize(256, dither=Image.Dither.NONE).save(picture, optimize=True)
    size = picture.stat().st_size
    sys.stderr.write(f"{picture}: {size / 1000:.0f} kB\n")
    if size > limit:
        raise SystemExit(f"more than {limit / 1000:.0f} kB")


def main() -> None:
    """Make the picture where the README looks for it, or where the command line says."""
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "answer.png"
    with tempfile.TemporaryDirectory() as home:
        index_sample(Path(home))
        with chat(Path(home)) as url, browsing() as browser:
            take(browser, url, picture)
    shrink(picture, LIMIT)


if __name__ == "__main__":
    main()
