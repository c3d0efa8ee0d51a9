"""The prompts: Markdown files beside this one, and the one way to fill them in."""

from importlib.resources import files
from string import Template


def render(name: str, **values: object) -> str:
    """The prompt of that name, filled in. A value too few raises, and so does one too many."""
    _, _, body = files(__name__).joinpath(f"{name}.md").read_text("utf-8").partition("\n")
    template = Template(body)
    unknown = set(values) - set(template.get_identifiers())
    if unknown:
        raise TypeError(f"prompt {name!r} has no variable {', '.join(sorted(unknown))}")
    return template.substitute(values).strip()
