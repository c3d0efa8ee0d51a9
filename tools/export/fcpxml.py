"""Edit lists as FCPXML 1.8, for Final Cut Pro and DaVinci Resolve.

Written here: the adapter of OpenTimelineIO has no frame duration at 29.97, leaves out sound and
notes, and starts ffprobe on the originals, outside the sandbox. The tests open it by that adapter.
"""

from fractions import Fraction
from typing import Any
from xml.etree import ElementTree as xml

from tools.export.edit_lists import EditList, Source

VERSION = "1.8"


def to_fcpxml(edits: EditList) -> str:
    """One project whose spine holds the clips, each with a note and a marker of its quotation."""
    root = xml.Element("fcpxml", version=VERSION)
    resources = xml.SubElement(root, "resources")
    size = next((one.size for one in edits.sources if one.size), None)
    _format(resources, "r0", edits.rate, size)
    assets = {one.id: _asset(resources, n, one, edits) for n, one in enumerate(edits.sources, 1)}
    event = xml.SubElement(xml.SubElement(root, "library"), "event", name=edits.title)
    sequence = xml.SubElement(
        xml.SubElement(event, "project", name=edits.title),
        "sequence",
        format="r0",
        duration=_time(edits.frames, edits.rate),
        tcStart="0s",
        tcFormat=_code(edits),
    )
    if edits.remarks:
        xml.SubElement(sequence, "note").text = "\n".join(edits.remarks)
    spine = xml.SubElement(sequence, "spine")
    for edit in edits.edits:
        clip = xml.SubElement(
            spine,
            "asset-clip",
            name=edit.source.title,
            ref=assets[edit.source.id],
            offset=_time(edit.at, edits.rate),
            start=_time(edit.code, edits.rate),
            duration=_time(edit.last - edit.first, edits.rate),
            tcFormat=_code(edits),
        )
        xml.SubElement(clip, "note").text = edit.moment.note
        marker = xml.SubElement(clip, "marker", value=edit.moment.note)
        marker.set("start", _time(edit.code, edits.rate))
        marker.set("duration", _time(1, edits.rate))
        if edit.source.uneven:
            marker.set("note", edit.source.uneven)
    xml.indent(root)
    text = xml.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{text}\n'


def _asset(resources: xml.Element, number: int, source: Source, edits: EditList) -> str:
    """Add a source with its own format; returns the id of the asset."""
    format, id = f"r{2 * number}", f"r{2 * number - 1}"
    _format(resources, format, source.rate, source.size)
    media: dict[str, Any] = {"hasVideo": "1"} if source.size else {}
    media |= {"hasAudio": "1", "audioSources": "1"} if source.heard else {}
    xml.SubElement(
        resources,
        "asset",
        id=id,
        name=source.title,
        src=source.url,
        start=_time(source.start, edits.rate),
        duration=_time(source.frames, edits.rate),
        format=format,
        **media,
    )
    return id


def _format(resources: xml.Element, id: str, rate: Fraction, size: tuple[int, int] | None) -> None:
    shape: dict[str, Any] = {"width": str(size[0]), "height": str(size[1])} if size else {}
    duration = f"{rate.denominator}/{rate.numerator}s"
    xml.SubElement(resources, "format", id=id, frameDuration=duration, **shape)


def _time(frames: int, rate: Fraction) -> str:
    """Frames as a rational number of seconds, whose denominator is that of the frame duration."""
    if rate.denominator == 1:
        seconds = frames / rate
        whole = seconds.denominator == 1
        return f"{seconds.numerator}s" if whole else f"{frames}/{rate.numerator}s"
    return f"{frames * rate.denominator}/{rate.numerator}s" if frames else "0s"


def _code(edits: EditList) -> str:
    return "DF" if edits.drops else "NDF"
