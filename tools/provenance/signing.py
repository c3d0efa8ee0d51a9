"""Signing: what was done to make a file, as a C2PA manifest in it.

A file is signed as a copy under a temporary name, read back, and only then takes its name: what
stands there is signed, or does not stand there. The words for actions and for kinds of sources are
those of the C2PA specification 2.2 and of IPTC's NewsCodes.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from tools.errors import UnreadableMedia
from tools.files.durable import move_into_place, temporary_folder
from tools.provenance.credentials import PREFIX, WATERMARK, Credentials, of_manifest
from tools.provenance.identity import Keys
from tools.provenance.keys import check
from tools.sandbox import Child
from tools.text.clean import clean

GENERATOR = "Cuepoint"
"""Name of the program in a manifest."""
SOURCES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""Address before the code of a digital source type."""
LONGEST = 300
"""Characters of a title or a description, at most."""
UNFINISHED = ".cuepoint-sign-"
ActionName = Literal[
    "created", "opened", "placed", "edited", "trimmed", "resized", "cropped", "color_adjustments",
    "drawing", "dubbed", "translated", "transcoded", "published", "watermarked.unbound",
]  # fmt: skip
SourceType = Literal[
    "digitalCapture", "computationalCapture", "screenCapture", "humanEdits", "digitalCreation",
    "algorithmicMedia", "algorithmicallyEnhanced", "dataDrivenMedia", "trainedAlgorithmicMedia",
    "compositeWithTrainedAlgorithmicMedia", "composite", "compositeCapture", "compositeSynthetic",
    "virtualRecording",
]  # fmt: skip
Relationship = Literal["parentOf", "componentOf", "inputTo"]


@dataclass(frozen=True)
class Action:
    """One step of how a file was made; `software` is what did it, where it was not Cuepoint."""

    name: ActionName
    source_type: SourceType | None = None
    description: str = ""
    software: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Ingredient:
    """A file that went into another one; the one that it was derived from is its `parentOf`."""

    path: Path
    title: str
    relationship: Relationship = "componentOf"


@dataclass(frozen=True)
class Made:
    """Content of a manifest: the title of a file, how it was made and of what.

    The first action is `created`, or `opened` where one ingredient is the parent. Ingredients that
    are components are said to be placed. `watermark` is the payload of one that is in the picture.
    """

    title: str
    actions: tuple[Action, ...]
    ingredients: tuple[Ingredient | Path, ...] = ()
    watermark: int | None = None

    def __post_init__(self) -> None:
        parents = [one for one in self.files if one.relationship == "parentOf"]
        first = self.actions[0].name if self.actions else ""
        if first not in ("created", "opened"):
            raise ValueError("the first action is `created` or `opened`")
        if len(parents) != (first == "opened"):
            raise ValueError("`opened` has one parent, `created` has none")

    @property
    def files(self) -> tuple[Ingredient, ...]:
        """Ingredients, of which a path alone is a component under its own name."""
        return tuple(
            one if isinstance(one, Ingredient) else Ingredient(one, one.name)
            for one in self.ingredients
        )

    def manifest(self) -> dict[str, Any]:
        """Definition of the manifest, without its ingredients."""
        ids: dict[str, list[str]] = {}
        for number, one in enumerate(self.files):
            ids.setdefault(one.relationship, []).append(_id(number))
        steps = list(self.actions)
        if "componentOf" in ids and all(one.name != "placed" for one in steps):
            steps.insert(1, Action("placed"))
        if self.watermark is not None:
            steps.append(Action("watermarked.unbound"))
        used = {"opened": "parentOf", "placed": "componentOf", "created": "inputTo"}
        actions = [_action(one, ids.get(used.get(one.name, ""), ())) for one in steps]
        assertions: list[Any] = [{"label": f"{PREFIX}actions.v2", "data": {"actions": actions}}]
        if self.watermark is not None:
            data = {"payload": f"{self.watermark:08x}", "algorithm": "cuepoint 1"}
            assertions.append({"label": WATERMARK, "data": data})
        return {
            "claim_generator_info": [{"name": GENERATOR, "version": version("cuepoint")}],
            "title": clean(self.title, LONGEST),
            "assertions": assertions,
        }


def _id(number: int) -> str:
    return f"ingredient-{number}"


def _action(one: Action, ingredients: Sequence[str]) -> dict[str, Any]:
    action: dict[str, Any] = {"action": PREFIX + one.name}
    if one.source_type:
        action["digitalSourceType"] = SOURCES + one.source_type
    if one.description:
        action["description"] = clean(one.description, LONGEST)
    if one.software:
        action["softwareAgent"] = {"name": clean(one.software, LONGEST)}
    if one.at:
        action["when"] = one.at.isoformat(timespec="seconds")
    if ingredients:
        action["parameters"] = {"ingredientIds": list(ingredients)}
    return action


def sign(path: Path, target: Path, made: Made, keys: Keys, child: Child | None = None) -> None:
    """Sign a file as `target`, which may be the file itself; whole, or nothing is there.

    It is read back before it takes its name. RefusedRequest for a key that is not fit,
    UnreadableMedia where the file cannot be signed or what was written does not hold.
    """
    check(keys)
    about = [
        {"title": clean(one.title, LONGEST), "relationship": one.relationship, "label": _id(number)}
        for number, one in enumerate(made.files)
    ]
    with (
        temporary_folder(target.absolute().parent, UNFINISHED) as folder,
        child or Child() as child,
    ):
        child.writes, signed = folder, folder / "signed"
        writing = child.call(
            "tools.provenance.manifest_child:write",
            path=str(path.absolute()),
            target=str(signed),
            manifest=made.manifest(),
            sources=[str(one.path.absolute()) for one in made.files],
            ingredients=about,
            key=str(keys.key.absolute()),
            certificates=str(keys.certificates.absolute()),
        )
        deque(writing, maxlen=0)
        (read,) = child.call("tools.provenance.manifest_child:read", path=str(signed))
        check_signed(of_manifest(read["manifest"], read["broken"]), made)
        move_into_place(signed, target)


def check_signed(found: Credentials, made: Made) -> None:
    """Raise UnreadableMedia unless a file's credentials hold, and say what was made."""
    names = [PREFIX + one.name for one in made.actions]
    told = [one.name for one in found.actions]
    holds = found.state in ("valid, signer unknown", "trusted")
    same = found.title == clean(made.title, LONGEST) and [n for n in told if n in names] == names
    if not (holds and same and len(found.ingredients) == len(made.files)):
        raise UnreadableMedia(
            f"what was signed does not hold when it is read back ({found.state}): nothing is kept"
        )
