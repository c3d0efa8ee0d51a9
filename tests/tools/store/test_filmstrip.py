from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tools.errors import UnknownVideo
from tools.media import evidence_id, spread
from tools.store.filmstrip import FRAMES, frames_inside, is_strip, strip_name
from tools.toolbox import Toolbox
from ui.render import picture_address


def test_a_span_is_its_frames_side_by_side_and_is_made_again_when_it_is_damaged(shelf: Any):
    library, video = shelf.library, shelf.video
    length = library.get(video).duration
    one = library.evidence(evidence_id("frame", video, 0.0, length))
    assert one.image and is_strip(one.image) and one.end == length
    path: Path = library.picture(one.image)
    whole = path.read_bytes()
    with Image.open(path) as made:
        assert made.width > 3 * made.height and made.width <= 1280
    path.write_bytes(whole[:-40])
    assert library.picture(one.image).read_bytes() == whole
    assert shelf.found() == [], "what can be made again is no damage and nothing left over"
    shelf.mend()
    address = picture_address(library, one.image, "http")
    assert address == f"/media/{video}/strip/0-{round(length * 1000)}.jpg"


def test_frames_are_spread_over_the_span(shelf: Any):
    library, video = shelf.library, shelf.video
    every = library.frames(video)
    shown = spread(frames_inside(every, 0.0, every[-1].seconds + 1), FRAMES)
    assert len(shown) <= FRAMES and (shown[0], shown[-1]) == (every[0], every[-1])
    with pytest.raises(UnknownVideo, match="no frame"):
        library.picture(strip_name(video, 900.0, 901.0))
    with pytest.raises(UnknownVideo):
        library.picture(f"videos/{video}/strips/../../../000-001.jpg")


def test_a_closer_look_gives_the_span_first(shelf: Any):
    whole, *rest = Toolbox(shelf.library).look_closer(shelf.video, 0.0, 1.5)
    assert not isinstance(whole, str) and (whole.start, whole.end) == (0.0, 1.5)
    assert whole.image and is_strip(whole.image)
    assert any(not isinstance(one, str) and one.start == one.end for one in rest)
