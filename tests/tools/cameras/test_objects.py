"""Objects in a region, in a zone and across a line, of footage that was indexed before."""

from pathlib import Path

import pytest

from tests.watched import across, going, watched
from tools.errors import Damaged, RefusedRequest, UnknownCollection
from tools.library import Library
from tools.store.video_collections import FILE
from tools.toolbox import Toolbox

YARD = [(0.4, 0.5), (0.6, 0.5), (0.6, 1.0), (0.4, 1.0)]
DOOR = [(0.5, 0.4), (0.5, 1.0)]


@pytest.fixture
def box(tmp_path: Path) -> Toolbox:
    """A walk to the right, one back, and one that stays left, high in the picture."""
    library = Library(tmp_path / "home")
    seen = [across(10.0), across(20.0, back=True), going(30.0, [(0.1, 0.3), (0.2, 0.3)])]
    watched(library, tmp_path, "yard", [*seen, across(40.0, "car", "red")])
    return Toolbox(library)


def starts(box: Toolbox, **given: object) -> list[float]:
    return [one.start for one in box.find_objects(**given)]  # type: ignore[arg-type]


def test_a_region_holds_what_touches_it_at_that_time(box: Toolbox) -> None:
    assert starts(box, region=[0, 0, 0.5, 0.4]) == [30.0]
    assert starts(box, region=[0.8, 0.5, 1, 1]) == [10.0, 20.0, 40.0]
    assert starts(box, region=[0.8, 0.5, 1, 1], start=22.0, end=30.0) == []  # it was there before
    assert starts(box, region=[0.8, 0.5, 1, 1], label="car", limit=1) == [40.0]
    assert [one.start for one in box.search("person", kinds=["object"], region=[0, 0, 1, 0.4])] == [
        30.0
    ]
    with pytest.raises(RefusedRequest, match="objects alone"):
        box.search("person", kinds=["speech"], region=[0, 0, 1, 1])


def test_a_zone_needs_no_new_index_and_tells_its_facts(box: Toolbox) -> None:
    (video,) = box.library.list()
    with pytest.raises(
        RefusedRequest, match="no zone or line 'yard' is drawn here; there are: none"
    ):
        box.find_objects(area="yard")
    box.cameras.draw(video.id, "yard", "zone", YARD)
    box.cameras.draw(video.id, "door", "line", DOOR)
    assert starts(box, area="Yard") == starts(box, area="door") == [10.0, 20.0, 40.0]
    right, left, _ = box.find_objects(area="door")
    assert right.facts["crossings"] == [{"name": "door", "at": 12.0, "to": "right"}]
    assert left.facts["crossings"] == [{"name": "door", "at": 22.0, "to": "left"}]
    (zone,) = right.facts["zones"]
    assert zone == {"name": "yard", "seconds": 1.0, "entered": [11.5], "left": [12.5]}
    assert right.text.endswith("1 s in yard, crosses door to the right")
    assert box.library.evidence(right.id) == right  # cited, it says the same
    assert starts(box, area="yard", start=12.6, end=21.0) == []
    assert starts(box, area="yard", region=[0.3, 0.0, 0.7, 0.2]) == []
    assert [area.name for area in box.list_areas()] == ["yard", "door"]
    box.cameras.erase(video.id, "yard")
    with pytest.raises(RefusedRequest, match="there are: door"):
        box.find_objects(area="yard")
    with pytest.raises(RefusedRequest, match="no zone or line 'yard'"):
        box.cameras.erase(video.id, "yard")
    box.library.remove(video.id)
    assert box.list_areas() == []


def test_zones_of_a_camera_are_those_of_all_its_videos(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    first, second = (watched(library, tmp_path, name, [across(5.0)]) for name in ("one", "two"))
    third = watched(library, tmp_path, "three", [across(5.0)])
    assert library.cameras.reserve("Gate", "/films") == "Gate"
    library.collections.add("Gate", [first, second])
    library.cameras.draw("Gate", "yard", "zone", YARD)
    library.cameras.draw(second, "Yard", "zone", [(0, 0), (0.2, 0), (0.2, 0.2)])  # its own
    box = Toolbox(library)
    assert [one.video for one in box.find_objects(area="yard")] == [first]
    (found,) = box.find_objects(area="yard", videos=[first])
    assert found.facts["camera"] == "Gate"
    assert "camera" not in box.find_objects(videos=[third])[0].facts
    (camera,) = box.list_cameras()
    assert (camera.name, camera.videos) == ("Gate", (first, second))
    assert [area.name for area in camera.areas] == ["yard"]
    with pytest.raises(RefusedRequest, match="no zone or line"):
        box.find_objects(area="yard", videos=[third])
    library.collections.rename("Gate", "Entry")
    assert library.cameras.get("entry").areas[0].name == "yard"
    with pytest.raises(UnknownCollection, match="no camera 'Gate'; there are: Entry"):
        library.cameras.get("Gate")
    library.collections.remove("Entry")
    assert [area.of for area in box.list_areas()] == [second]


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    library = Library(tmp_path / "home")
    library.root.mkdir(parents=True)
    library.collections.add("holidays", [])
    assert library.cameras.reserve("Gate", "/films") == library.cameras.reserve("gate", "/films")
    for name, what in (("GATE", "a camera 'Gate'"), ("Holidays", "a collection 'holidays'")):
        with pytest.raises(RefusedRequest, match=what):
            library.cameras.reserve(name, "/others")


def test_a_damaged_file_of_zones_is_told_and_old_answers_stay(box: Toolbox) -> None:
    (video,) = box.library.list()
    box.cameras.draw(video.id, "yard", "zone", YARD)
    (cited, *_) = box.find_objects(area="yard")
    file = box.library.root / FILE
    file.write_bytes(file.read_bytes().replace(b"yard", b"card"))
    with pytest.raises(Damaged, match="verify --repair"):
        box.find_objects(area="yard")
    assert box.library.evidence(cited.id).start == cited.start
