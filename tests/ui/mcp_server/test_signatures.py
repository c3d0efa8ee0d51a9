"""A tool is described by the signature and the docstring of a function, and by nothing else."""

from dataclasses import dataclass
from typing import Annotated, Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import Field

from tests.ui.mcp_server.conftest import Films
from tools.errors import RefusedRequest
from tools.media import Evidence
from ui.mcp_server.door import Door
from ui.mcp_server.handlers import Handlers
from ui.mcp_server.signatures import of_capability, schema_of
from ui.web.opening import opened


@dataclass(frozen=True)
class Loaf:
    path: str
    slices: int


class Bakery:
    """Capabilities that somebody adds one day."""

    def make_loaf(
        self,
        title: Annotated[str, Field(max_length=5, description="Its name.")],
        slices: Annotated[int, Field(ge=1)] = 3,
    ) -> Loaf:
        """Bake a loaf."""
        return Loaf(title, slices)

    def find_crumbs(self, video: str | None = None) -> list[Evidence | str]:
        """Look for crumbs."""
        return []


def test_arguments_have_their_types_bounds_and_words() -> None:
    tool = of_capability(Bakery().make_loaf)
    assert (tool.name, tool.title, tool.description) == ("make_loaf", "Make loaf", "Bake a loaf.")
    assert tool.input_schema == {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string", "maxLength": 5, "description": "Its name."},
            "slices": {"type": "integer", "minimum": 1, "default": 3},
        },
        "required": ["title"],
    }
    made = {"path": {"type": "string"}, "slices": {"type": "integer"}}
    assert tool.output_schema == {"type": "object", "properties": made}


def test_a_name_says_whether_a_capability_only_reads() -> None:
    assert of_capability(Bakery().make_loaf).effect == "adds"
    assert not of_capability(Bakery().make_loaf).repeatable
    assert of_capability(Bakery().find_crumbs).effect == "reads"


def test_a_list_stands_under_result() -> None:
    schema = of_capability(Bakery().find_crumbs).output_schema
    assert schema["required"] == ["result"]
    evidence, words = schema["properties"]["result"]["items"]["anyOf"]
    assert evidence == schema_of(Evidence) and words == {"type": "string"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "make_loaf: title: Field required"),
        ({"title": "x", "salt": 1}, "make_loaf has no argument salt; it has: title, slices"),
        ({"title": "x", "self": 1}, "make_loaf has no argument self"),
        ({"title": "much too long"}, "make_loaf: title: String should have at most 5"),
        ({"title": "x", "slices": 0}, "make_loaf: slices: Input should be greater than or equal"),
    ],
)
def test_wrong_arguments_are_told_one_by_one(given: dict[str, Any], said: str) -> None:
    with pytest.raises(RefusedRequest, match=said):
        of_capability(Bakery().make_loaf).check(given)


async def test_every_registered_capability_is_a_tool_with_true_annotations(films: Films) -> None:
    async with opened(films.settings()) as state:
        state.agent.toolbox.tools = lambda: [
            *type(state.agent.toolbox).tools(state.agent.toolbox),
            Bakery().make_loaf,
        ]
        tools = {tool.name: tool for tool in await Handlers().tools(Door(state))}
    registered = {one.__name__ for one in state.agent.toolbox.tools()}
    own = {"ask", "add_video", "job_status", "check_answer"}
    assert tools.keys() == registered | own and "make_loaf" in tools
    contract = {"list_videos", "search_frames", "find_scenes", "search_transcript"}
    contract |= {"search_screen_text", "look_closer", "summarize_video"}
    assert contract <= tools.keys()
    effects = {name: tool.effect for name, tool in tools.items() if tool.effect != "reads"}
    assert effects == {
        "ask": "keeps", "look_closer": "keeps",
        "add_video": "adds", "make_clip": "adds", "propose_generation": "adds", "make_loaf": "adds",
    }  # fmt: skip
    assert not any(tool.opens for tool in tools.values())  # no model, no addresses
    for tool in tools.values():
        Draft202012Validator.check_schema(tool.input_schema)
        Draft202012Validator.check_schema(tool.output_schema)
        assert tool.description and tool.output_schema["type"] == "object"
