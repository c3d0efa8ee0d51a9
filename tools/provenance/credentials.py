"""Content credentials (C2PA) of a file: whether they hold, who signed them, and what they say.

Three words, never two: a signature that holds says nothing of who signed, until somebody trusts
that signer. What credentials say is data of strangers, cleaned and bounded here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from tools.errors import RefusedRequest
from tools.provenance.identity import LARGEST, is_test_name
from tools.sandbox import Child
from tools.text.clean import clean

State = Literal["none", "valid, signer unknown", "trusted", "tampered"]
TOLD, LONGEST = 20, 200
"""Ingredients, actions and problems that are told, and characters of each text, at most."""
PREFIX = "c2pa."
"""Beginning of C2PA's own labels and actions."""
WATERMARK = "org.cuepoint.watermark"
"""Label of the assertion of a watermark: no soft binding, as its algorithm is on no list."""
TEST_SIGNER = "a public test certificate, whose key everybody has"
_SIGNER = ("signingCredential.", "timeStamp.", "claimSignature.outsideValidity")
"""Beginnings of the codes of failures about who signed and when, not about the file."""


@dataclass(frozen=True)
class Step:
    """An action of a manifest, as it names it: `c2pa.created`, and the code of its source type."""

    name: str
    source_type: str = ""
    description: str = ""
    software: str = ""


@dataclass(frozen=True)
class Source:
    """An ingredient, as the manifest names it; signed if it has credentials of its own."""

    title: str
    relationship: str
    signed: bool = False


@dataclass(frozen=True)
class Credentials:
    """Content credentials of a file; `problems` are codes of C2PA, or what is wrong in words.

    Source types are those of the file's own actions and of the signed files that went into it.
    """

    state: State = "none"
    title: str = ""
    made_by: str = ""
    signer: str = ""
    ingredients: tuple[Source, ...] = ()
    actions: tuple[Step, ...] = ()
    source_types: tuple[str, ...] = ()
    watermark: str = ""
    problems: tuple[str, ...] = ()


def read_credentials(
    path: Path, trust: Path | None = None, child: Child | None = None
) -> Credentials:
    """Read a file's credentials in the sandbox; `trust` is a PEM file of trusted certificates."""
    with child or Child() as child:
        (read,) = child.call(
            "tools.provenance.manifest_child:read",
            path=str(path.absolute()),
            anchors=anchors_of(trust),
        )
    return of_manifest(read["manifest"], read["broken"])


def anchors_of(trust: Path | None) -> str:
    """Certificates of the setting CUEPOINT_TRUST, as PEM; RefusedRequest where there are none."""
    if trust is None:
        return ""
    from tools.provenance.keys import chain  # which is slow to load

    chain(trust)
    with trust.open(encoding="ascii", errors="replace") as file:
        text = file.read(LARGEST)
    if "PRIVATE KEY" in text:
        raise RefusedRequest(f"{str(trust)!r} holds a private key: trust needs certificates alone")
    return text


def of_manifest(manifest: Mapping[str, Any] | None, broken: str = "") -> Credentials:
    """Credentials as the C2PA library tells them; `broken` is why it could not."""
    if manifest is None:
        return Credentials("tampered", problems=(_text(broken),)) if broken else Credentials()
    active = _dict(_dict(manifest.get("manifests")).get(str(manifest.get("active_manifest"))))
    signature = _dict(active.get("signature_info"))
    named = [_text(signature.get(key)) for key in ("common_name", "issuer")]
    problems = _problems(manifest)
    state = _state(str(manifest.get("validation_state")), problems)
    if any(map(is_test_name, named)):
        state = "valid, signer unknown" if state == "trusted" else state
        problems = (TEST_SIGNER, *problems)
    steps = _steps(active)
    return Credentials(
        state,
        _text(active.get("title")),
        ", ".join(_generator(one) for one in _list(active.get("claim_generator_info"))),
        ", ".join(dict.fromkeys(filter(None, reversed(named)))),
        tuple(
            Source(
                _text(one.get("title")), _text(one.get("relationship")), "active_manifest" in one
            )
            for one in map(_dict, _list(active.get("ingredients")))
        ),
        steps,
        _source_types(manifest, steps),
        next((_text(_dict(one.get("data")).get("payload")) for one in _assertions(active)
              if one.get("label") == WATERMARK), ""),
        problems,
    )  # fmt: skip


def _state(told: str, problems: tuple[str, ...]) -> State:
    if told == "Trusted":
        return "trusted"
    holds = told == "Valid" or all(one.startswith(_SIGNER) for one in problems)
    return "valid, signer unknown" if holds and problems else "tampered"


def _problems(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Codes of what failed in the manifest of the file itself, each once."""
    results = _dict(_dict(manifest.get("validation_results")).get("activeManifest"))
    codes = [_text(_dict(one).get("code")) for one in _list(results.get("failure"))]
    codes += [_text(_dict(one).get("code")) for one in _list(manifest.get("validation_status"))]
    return tuple(dict.fromkeys(filter(None, codes)))[:TOLD]


def _assertions(active: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [_dict(one) for one in _list(active.get("assertions"), 200)]


def _steps(active: Mapping[str, Any]) -> tuple[Step, ...]:
    actions = (
        _dict(action)
        for one in _assertions(active)
        if str(one.get("label")).startswith(f"{PREFIX}actions")
        for action in _list(_dict(one.get("data")).get("actions"))
    )
    steps = (
        Step(
            _text(one.get("action")),
            _text(str(one.get("digitalSourceType") or "").rpartition("/")[2]),
            _text(one.get("description")),
            _agent(one.get("softwareAgent")),
        )
        for one in actions
    )
    return tuple(steps)[:TOLD]


def _source_types(manifest: Mapping[str, Any], steps: tuple[Step, ...]) -> tuple[str, ...]:
    """Source types that the file tells of itself, then those of the signed files it came from."""
    others = list(_dict(manifest.get("manifests")).values())[:TOLD]
    every = [*steps, *(step for one in others for step in _steps(_dict(one)))]
    return tuple(dict.fromkeys(step.source_type for step in every if step.source_type))[:TOLD]


def _agent(agent: Any) -> str:
    return _generator(agent) if isinstance(agent, dict) else _text(agent)


def _generator(info: Any) -> str:
    about = _dict(info)
    return f"{_text(about.get('name'))} {_text(about.get('version'))}".strip()


def _dict(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _list(value: Any, most: int = TOLD) -> list[Any]:
    return cast("list[Any]", value)[:most] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return clean(value, LONGEST) if isinstance(value, str) else ""
