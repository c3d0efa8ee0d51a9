"""Routes of what stands along the time of a video: its timeline and its transcript."""

import json

import pytest

from agent.settings import Settings
from tests.conftest import Shelf
from tests.ui.door import running


def test_timeline_and_transcript_are_sent_as_data_by_id_alone(shelf: Shelf) -> None:
    with running(Settings(home=shelf.library.home, port=8000)) as client:
        drawn = client.get(f"/media/{shelf.video}/timeline").json()
        assert drawn["title"] == "kettle!" and drawn["duration"] == pytest.approx(10, abs=0.1)
        said = client.get(f"/media/{shelf.video}/transcript").json()
        (line,) = said["lines"]
        assert (line["start"], line["end"], line["text"]) == (1.0, 2.5, "The kettle is red.")
        assert (said["next"], said["earlier"], said["later"]) == (None, False, False)
        later = client.get(f"/media/{shelf.video}/transcript?from=5&to=9").json()
        assert later["lines"] == [] and later["earlier"] and not later["later"]
        for name in ("kettle!", shelf.video[:8], "0" * 16):
            for route in ("timeline", "transcript"):
                assert client.get(f"/media/{name}/{route}").status_code == 404


@pytest.mark.parametrize("span", ["from=nan", "to=nan", "from=inf&to=-inf", "from=-1e999"])
def test_a_span_that_is_none_is_answered_with_what_begins_in_it(shelf: Shelf, span: str) -> None:
    with running(Settings(home=shelf.library.home, port=8000)) as client:
        reply = client.get(f"/media/{shelf.video}/transcript?{span}")
        assert reply.status_code == 200
        json.loads(reply.text, parse_constant=pytest.fail)
        assert client.get(f"/media/{shelf.video}/transcript?from=x").status_code in (400, 422)
