"""A lecture with known chapters: four subjects of a minute each, and headings where wanted."""

import random

SUBJECTS = {
    "Baking bread": "dough oven yeast flour crust loaf bakery butter kneading sourdough",
    "The night sky": "telescope planet orbit moon galaxy star comet eclipse astronomer crater",
    "Mending bicycles": "chain saddle pedal brake wheel gear spoke tyre handlebar puncture",
    "A small garden": "soil seed root compost leaf bulb shovel tulip hedge gardener",
}
FORMS = (
    "The {} needs more care than the {} does.",
    "Look at the {} before you touch the {} again.",
    "A good {} makes the {} much easier to handle.",
    "Nobody forgets the first {} beside an old {}.",
    "My {} was near the {} and the {} all summer.",
    "Every {} begins with one {} and a patient {}.",
)
MINUTE, STEP = 60.0, 5.0


def srt(seed: int = 7) -> str:
    """Subtitles, a sentence each five seconds, the subject another one every minute."""
    chance, cues, at = random.Random(seed), list[str](), 0.0
    for words in SUBJECTS.values():
        for _ in range(int(MINUTE / STEP)):
            form = chance.choice(FORMS)
            text = form.format(*chance.sample(words.split(), form.count("{}")))
            cues.append(f"{len(cues) + 1}\n{_stamp(at)} --> {_stamp(at + 4.5)}\n{text}\n")
            at += STEP
    return "\n".join(cues)


def _stamp(seconds: float) -> str:
    whole, rest = divmod(seconds, 60)
    return f"00:{int(whole):02}:{int(rest):02},{round(rest % 1 * 1000):03}"
