"""Find frames by what their pixels tell: "mostly red", "the darkest scene", "the most movement"."""

import math
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tools.media import Attributes, evidence_id
from tools.text.tokens import content_words, surface_forms
from tools.vision.colour import COLOUR_WORDS

_LIGHT_WORDS = {
    "dark": "dark", "darker": "dark", "darkest": "dark", "darkness": "dark", "dim": "dark",
    "gloomy": "dark", "bright": "bright", "brighter": "bright", "brightest": "bright",
}  # fmt: skip
_TONE_WORDS = {
    "monochrome": "grey", "grayscale": "grey", "greyscale": "grey", "colourless": "grey",
    "colorless": "grey", "colourful": "colourful", "colorful": "colourful", "vivid": "colourful",
}  # fmt: skip
_MOTION_WORDS = {
    "motion": "moving", "movement": "moving", "moving": "moving", "action": "moving",
    "move": "moving", "moves": "moving", "hectic": "moving", "liveliest": "moving",
    "busiest": "moving", "still": "still", "static": "still", "motionless": "still",
    "calmest": "still",
}  # fmt: skip
_MOSTLY = {"mostly", "mainly", "predominantly", "entirely", "completely", "all"}
_EXTREME = {"most", "least", "darkest", "brightest", "busiest", "calmest", "strongest", "biggest",
            "greatest", "highest", "fastest", "peak"}  # fmt: skip
_NONE = {"no", "nothing", "least", "little", "without"}
_FILLER = {"colour", "color", "coloured", "colored", "colours", "colors", "shot", "shots", "image",
           "images", "scenes", "pictures", "screen", "lot", "lots"}  # fmt: skip
_CHANGE = re.compile(
    r"\b(?:gets?|getting|turns?|becom\w+|grows?|goes|went|got)\s+(?:\w+\s+)?(?:bright|dark)er\b"
)
_RISE = 2.0  # seconds within which a change of light is seen as one
_STEP = 0.03  # brightness that must change in that time
_APART = 30.0  # seconds between two fitting frames beyond which they are not one span

Span = tuple[str, float, float, float]
"""A video, the seconds of its first and last frame there, and the score."""


@dataclass(frozen=True)
class LookQuery:
    """What pixels can answer of a query; `rest` are the words that they can't."""

    colours: tuple[str, ...] = ()
    light: str = ""  # dark, bright
    tone: str = ""  # grey, colourful
    motion: str = ""  # moving, still
    mostly: bool = False
    extreme: bool = False  # the darkest, not any dark one
    change: bool = False  # where it gets so, not where it is so
    rest: tuple[str, ...] = ()

    @property
    def traits(self) -> list[str]:
        """Names of what is looked for, as the catalog knows it of each video."""
        plain = (self.light, self.tone, self.motion)
        return [*(f"colour {name}" for name in self.colours), *filter(None, plain)]


def parse_look(query: str) -> LookQuery | None:
    """Understand "mostly red", "the darkest scene", "black and white"; None without such words."""
    text = query.lower()
    colourless = re.sub(r"\bblack[ -]and[ -]white\b|\b(?:no|without) colou?rs?\b", " ", text)
    words = surface_forms(colourless)
    known = [COLOUR_WORDS, _LIGHT_WORDS, _TONE_WORDS, _MOTION_WORDS]
    colours, light, tone, motion = (
        list(dict.fromkeys(table[word] for word in words if word in table)) for table in known
    )
    if colourless != text:
        tone = ["grey"]
    if not (colours or light or tone or motion):
        return None
    if len(motion) == 2 or (motion and _NONE & set(words)):
        motion = ["still"]
    understood = _FILLER.union(_MOSTLY, _EXTREME, _NONE, *known)
    return LookQuery(
        colours=tuple(colours),
        light=light[0] if light else "",
        tone=tone[0] if tone else "",
        motion=motion[0] if motion else "",
        mostly=bool(_MOSTLY & set(words)),
        extreme=bool(_EXTREME & set(words)),
        change=bool(_CHANGE.search(text)),
        rest=tuple(word for word in content_words(colourless) if word not in understood),
    )


def rank_frames(
    look: LookQuery | None,
    frames: Iterable[Attributes],
    extra: Mapping[str, float] | None = None,
    *,
    limit: int = 6,
    cuts: Mapping[str, Sequence[float]] | None = None,
) -> list[Span]:
    """Spans of neighbouring frames that look so, the best first; none where no frame does.

    cuts are seconds by video: a span does not reach over one, because people think in scenes.

    extra are scores from 0 to 1 by frame id, such as those of picture vectors; they count half
    beside a look, and alone without one.
    """
    ordered = sorted(frames, key=lambda one: (one.video, one.seconds))
    levels = _levels(look, ordered) if look else [1.0] * len(ordered)
    if extra is not None:
        weight = 0.5 if look else 1.0
        ids = [evidence_id("frame", one.video, one.seconds) for one in ordered]
        levels = [
            (1 - weight) * level + weight * extra.get(id, 0.0) if level > 0 else 0.0
            for level, id in zip(levels, ids, strict=True)
        ]
    elif look is None:
        return []
    spans: list[list[int]] = []
    for i, (one, level) in enumerate(zip(ordered, levels, strict=True)):
        if level <= 0:
            continue
        last = ordered[spans[-1][-1]] if spans and spans[-1][-1] == i - 1 else None
        near = last and last.video == one.video and one.seconds - last.seconds <= _APART
        if last and near and _scene(last, cuts) == _scene(one, cuts):
            spans[-1].append(i)
        else:
            spans.append([i])
    hits: list[Span] = []
    for span in spans:
        first, last = ordered[span[0]], ordered[span[-1]]
        score = round(max(levels[i] for i in span), 4)
        hits.append((first.video, first.seconds, last.seconds, score))
    return sorted(hits, key=lambda hit: -hit[-1])[:limit]


def _scene(one: Attributes, cuts: Mapping[str, Sequence[float]] | None) -> int:
    return bisect_right((cuts or {}).get(one.video, ()), one.seconds + 1e-3)


def _levels(look: LookQuery, frames: list[Attributes]) -> list[float]:
    """How well each frame fits, 0 to 1; 0 where any part of the query does not fit."""
    parts: list[list[float]] = []
    for colour in look.colours:
        enough = 0.02 if look.extreme else 0.35 if look.mostly else 0.08
        shares = [one.colours.get(colour, 0.0) for one in frames]
        parts.append([min(1.0, share / 0.6) if share >= enough else 0.0 for share in shares])
        if look.extreme:
            parts.append(_top(shares))
    if look.light:
        sign = 1 if look.light == "bright" else -1
        light = [sign * one.brightness for one in frames]
        if look.change:
            return _rises([one.seconds for one in frames], light)
        edge = 0.55 if sign > 0 else -0.45
        fits = [min(1.0, (value - edge) / 0.3) for value in light]
        fits = [fit if fit >= 0.25 else 0.0 for fit in fits]
        parts.append(_top(light) if look.extreme and not look.colours else fits)
    if look.tone == "grey":
        parts.append([1 - one.saturation if one.saturation <= 0.05 else 0.0 for one in frames])
    elif look.tone:
        vivid = [one.saturation if _hues_of(one) >= 3 else 0.0 for one in frames]
        fits = [min(1.0, value / 0.5) if value >= 0.2 else 0.0 for value in vivid]
        parts.append(_top(vivid) if look.extreme else fits)
    if look.motion:
        # The unit of motion is the decode pass's own, so only its course tells anything.
        most = max((one.motion for one in frames), default=0.0)
        moves = [one.motion / most if most > 0 else 0.0 for one in frames]
        if look.motion == "moving":
            parts.append([move if move >= 0.5 else 0.0 for move in moves])
        else:
            parts.append([1 - move if move <= 0.1 else 0.0 for move in moves])
    return [math.prod(fits) ** (1 / len(fits)) for fits in zip(*parts, strict=True)]


def _rises(seconds: list[float], values: list[float]) -> list[float]:
    """1 where the values have risen most within the last RISE seconds, less where less."""
    steps = [
        value - min(values[j] for j in range(i + 1) if seconds[j] >= at - _RISE or j == i)
        for i, (at, value) in enumerate(zip(seconds, values, strict=True))
    ]
    most = max(steps, default=0.0)
    return [step / most if step >= max(_STEP, most * 0.8) else 0.0 for step in steps]


def _top(values: list[float]) -> list[float]:
    """1 for the greatest, 0 for what is more than a tenth of the range below it."""
    low, high = min(values, default=0.0), max(values, default=0.0)
    reach = max((high - low) / 10, 1e-6)
    return [max(0.0, 1 - (high - value) / reach / 2) if value >= high - reach else 0.0
            for value in values]  # fmt: skip


def _hues_of(one: Attributes) -> int:
    return sum(1 for name, share in one.colours.items()
               if share >= 0.05 and name not in ("black", "white", "grey"))  # fmt: skip
