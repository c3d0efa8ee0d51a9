"""Checks of what makes videos: who, for how much, and what is missing."""

from typing import Literal

from agent.settings import Settings

Row = tuple[str, Literal["ok", "missing", "problem"], str, str]
"""Name, state, detail and fix of a check."""


def generation_checks(settings: Settings) -> list[Row]:
    """The maker of videos with its budget, the voice, and who signs."""
    return [_maker(settings), _voice(), _signer(settings)]


def _maker(settings: Settings) -> Row:
    from agent.approval import open_proposer
    from tools.errors import VideoError
    from tools.library import Library

    name, options = "video maker", settings.generation
    try:
        library = Library(settings.home, settings.owner, settings.signing)
        generators = open_proposer(library, settings).generators
        maker = generators.choose("text_to_video")
    except VideoError as error:
        return name, "problem", str(error), ""
    by = f"{maker.name} {maker.model}".strip()
    if maker.local:
        told = f"{by}, on this machine and free: titles and pictures, nothing is filmed"
    else:
        told = (
            f"{by}; {options.generate_job_usd:g} USD a job and {options.generate_day_usd:g} "
            "a day at most"
        )
    judged = "rules and a service" if options.moderation_base_url else "rules"
    told += f"; requests are judged by {judged}, made pictures by a person"
    if not generators.missing:
        return name, "ok", told, ""
    return name, "ok", f"{told}; {'; '.join(generators.missing.values())}", ""


def _voice() -> Row:
    from tools.generate.animatic.voice import voice_for

    name, voices = "video voice", [voice_for("en"), voice_for("de")]
    if voices[0] is None:
        return name, "missing", "made videos have captions and no voice", "install espeak-ng"
    told = ", ".join(dict.fromkeys(one.name for one in voices if one))
    return name, "ok", told, ""


def _signer(settings: Settings) -> Row:
    name, signing = "video signing", settings.signing
    if signing.signing_key is None and signing.signing_certificates is None:
        told = "by a certificate made here: valid, and the signer is unknown to others"
        return name, "missing", told, "set CUEPOINT_SIGNING_KEY and CUEPOINT_SIGNING_CERTIFICATES"
    from tools.errors import VideoError
    from tools.provenance.keys import keys_of

    try:
        keys_of(settings.home, signing)
    except VideoError as error:
        return name, "problem", str(error), ""
    return name, "ok", f"by the key {signing.signing_key}", ""
