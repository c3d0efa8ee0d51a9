"""Tags: the container's own words about where a file comes from. Runs inside the sandbox."""

import re
from collections.abc import Iterator
from itertools import islice

from tools.sandbox import Event
from tools.text.clean import clean
from tools.video.container import open_media

TAGS = {
    "encoder": "encoder", "encoded_by": "encoder", "writing_application": "encoder",
    "writing_library": "encoder", "software": "software", "tool": "software",
    "creation_tool": "software", "com.apple.quicktime.software": "software",
    "comment": "comment", "description": "description", "synopsis": "description",
    "artist": "author", "author": "author", "album_artist": "author", "composer": "author",
    "publisher": "publisher", "copyright": "copyright",
    "make": "camera", "model": "camera", "com.apple.quicktime.make": "camera",
    "com.apple.quicktime.model": "camera", "com.android.manufacturer": "camera",
    "com.android.model": "camera", "aigc": "ai_label", "purl": "address",
}  # fmt: skip
"""Tags that tell of an origin, in small letters, and what each is told as."""
LONGEST, MOST, STREAMS = 300, 30, 64
"""Characters of a value, values, and streams that are looked at, at most."""
_XMP = {
    "digital_source_type": re.compile(
        r"DigitalSourceType\s*(?:=\s*[\"']|(?:\s[^<>]{0,200})?>\s*)([^\"'<>]{1,300})"
    ),
    "software": re.compile(r"CreatorTool\s*(?:=\s*[\"']|>\s*)([^\"'<>]{1,300})"),
}
"""What is looked for in XMP (IPTC Video Metadata), as attribute or element."""
_LARGEST_XMP = 1 << 20


def read_tags(path: str) -> Iterator[Event]:
    """Yield {"tags": [name, value] pairs, in the order of the file, each once}."""
    with open_media(path, export_xmp="1") as container:
        every = [container.metadata, *(one.metadata for one in islice(container.streams, STREAMS))]
        pairs = [(key.lower(), value) for tags in every for key, value in islice(tags.items(), 200)]
    told = [(TAGS[key], value) for key, value in pairs if key in TAGS]
    for key, value in pairs:
        if key == "xmp" and len(value) <= _LARGEST_XMP:
            told += [(name, one) for name, form in _XMP.items() for one in form.findall(value)]
    cleaned = ((name, clean(value, LONGEST)) for name, value in told)
    yield {"tags": list(dict.fromkeys(pair for pair in cleaned if pair[1]))[:MOST]}
