import re
from importlib.resources import files

import pytest

from prompts import render

NAMES = sorted(p.name.removesuffix(".md") for p in files("prompts").iterdir() if p.suffix == ".md")


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_renders_with_the_variables_its_first_line_names(name: str):
    first = files("prompts").joinpath(f"{name}.md").read_text("utf-8").splitlines()[0]
    match = re.fullmatch(r"<!-- variables: (.*) -->", first)
    assert match, first
    values = {variable: f"<{variable}>" for variable in match[1].split(", ") if variable}
    text = render(name, **values)
    assert all(value in text for value in values.values())
    assert "$" not in text and "variables:" not in text
    for variable in values:
        with pytest.raises(KeyError):
            render(name, **{key: value for key, value in values.items() if key != variable})


def test_a_value_too_many_is_refused():
    with pytest.raises(TypeError, match="no variable colour"):
        render("system", model_calls=1, tool_calls=1, colour="red")


def test_what_a_value_holds_is_not_filled_in_again():
    text = render(
        "question", videos="$shown {x}", shown="${calls}", earlier="", calls=3, question="$$"
    )
    assert "$shown {x}" in text and "${calls}" in text and "$$" in text
