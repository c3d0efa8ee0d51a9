"""Prompt templates: Markdown files beside this one, and their renderer."""

from importlib.resources import files
from string import Template


def render(name: str, **values: object) -> str:
    """Fill in the prompt of this name; a missing or an unknown value raises."""
    _, _, body = files(__name__).joinpath(f"{name}.md").read_text("utf-8").partition("\n")
    template = Template(body)
    unknown = set(values) - set(template.get_identifiers())
    if unknown:
        raise TypeError(f"prompt {name!r} has no variable {', '.join(sorted(unknown))}")
    return template.substitute(values).strip()
