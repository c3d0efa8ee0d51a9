"""Subtitle files of rarer formats: read by pysubs2, or named as not read."""

import re
from typing import Any

from tools.transcript.cues import Cue

READ = {
    ".sbv": "srt", ".sub": "microdvd", ".smi": "sami", ".sami": "sami", ".ttml": "ttml",
    ".dfxp": "ttml",
}  # fmt: skip
"""Formats of pysubs2, by the ending of a file; YouTube's `sbv` differs from SubRip in its times."""
UNREAD = frozenset((".lrc", ".sup", ".idx", ".scc", ".stl", ".mpl"))
_RATE = re.compile(r"^\{\d+\}\{\d+\}(\d{1,3}(?:\.\d+)?)\s*$", re.MULTILINE)
"""Frame rate that a MicroDVD file names in its first line."""
_USUAL_RATE = 25.0
_SBV = re.compile(r"^(\d+:\d\d:\d\d)\.(\d{3}),(\d+:\d\d:\d\d)\.(\d{3})\s*$", re.MULTILINE)


def other_cues(text: str, suffix: str) -> list[Cue]:
    """Cues of a file of one of these formats; none where it is not what its ending says."""
    import pysubs2

    options: dict[str, Any] = {}
    if suffix == ".sub":
        rate = _RATE.search(text)
        options["fps"] = float(rate[1]) if rate else _USUAL_RATE
        text = _RATE.sub("", text, count=1).lstrip()
    elif suffix == ".sbv":
        text = _SBV.sub(r"\1,\2 --> \3,\4", text)
    try:
        read = pysubs2.SSAFile.from_string(text, format_=READ[suffix], **options)
    except Exception:  # errors of its parsers share no base, and any of them means: not read
        return []
    cues = [Cue(e.start / 1000, e.end / 1000, e.plaintext.strip()) for e in read]
    if READ[suffix] == "sami":  # a line stands until the next one, be it empty
        following = [cue.start for cue in cues[1:]] + [cues[-1].end if cues else 0.0]
        cues = [cue._replace(end=end) for cue, end in zip(cues, following, strict=True)]
    return [cue for cue in cues if cue.text]
