"""Makes up films from a seed: the same seed, the same films."""

import random
from datetime import UTC, datetime, timedelta

from agent.evaluation import vocabulary as words
from agent.evaluation.relations import RELATIONS
from agent.evaluation.truth import Film, Noise, Sentence, Shape, Shot, Sign

FILMS = 10
PACE = 0.28
"""Seconds that one word takes to say."""
LOUD, LOUDEST = 0.35, 0.9
Line = tuple[str, str, str, str]
"""A sentence that has no time yet: text, relation, subject, value."""


def films(seed: int, count: int = FILMS) -> list[Film]:
    """The films of a seed. Of two neighbours each tells a price of the same thing."""
    dice = random.Random(seed)
    titles = dice.sample(words.SUBJECTS, count)
    shared = [dice.choice(words.THINGS) for _ in range((count + 1) // 2)]
    return [_film(dice, number, title, shared[number // 2]) for number, title in enumerate(titles)]


def _film(dice: random.Random, number: int, title: str, shared: str) -> Film:
    shots = _shots(dice)
    end = shots[-1].end
    signs = _signs(dice, shots)
    lines = _lines(dice, shared, 2 * len(shots))
    audible = number % 5 != 4
    noises = _noises(dice, end) if audible else ()
    recorded = datetime(2021 + number % 5, dice.randint(1, 12), dice.randint(1, 28), 9, tzinfo=UTC)
    recorded += timedelta(minutes=dice.randint(0, 480))
    clock = recorded + timedelta(seconds=dice.randint(0, 59)) if number % 3 == 1 else None
    return Film(
        name=title,
        shots=shots,
        sentences=_spoken(shots, lines),
        signs=signs,
        shapes=_shapes(dice, shots),
        noises=noises,
        audible=audible,
        silence=_silence(noises, end) if audible else None,
        clock=clock,
        recorded_at=clock or (recorded if number % 2 else None),
    )


def _shots(dice: random.Random) -> tuple[Shot, ...]:
    """Shots whose neighbours differ in colour; in some films one colour comes twice."""
    count = dice.randint(4, 7)
    colours = dice.sample(list(words.COLOURS), count)
    if count > 4 and dice.random() < 0.5:
        colours[-1] = colours[dice.randrange(count - 2)]
    shots: list[Shot] = []
    start = 0.0
    for colour in colours:
        end = round(start + dice.randint(38, 62) / 5, 1)
        shots.append(Shot(start, end, colour))
        start = end
    return tuple(shots)


def _lines(dice: random.Random, shared: str, count: int) -> list[Line]:
    """What is said: facts, one thing that is named again and again, and asides."""
    again = dice.sample(words.MENTIONS, dice.randint(2, 4))
    repeated = dice.choice(words.REPEATED)
    lines: list[Line] = [(text.format(repeated), "", repeated, "") for text in again]
    lines.append(_fact(dice, "price", shared))
    taken = {shared}
    chosen = dice.sample([name for name in RELATIONS if name != "price"], count)
    for relation in chosen[: count - len(lines) - 2]:
        free = [s for s in RELATIONS[relation].subjects if s not in taken and not _meet(s, taken)]
        line = _fact(dice, relation, dice.choice(free))
        taken |= {line[2], line[3]}
        lines.append(line)
    asides = dice.sample(words.ASIDES, count - len(lines))
    lines += [(text, "", "", "") for text in asides]
    dice.shuffle(lines)
    return lines


def _meet(subject: str, taken: set[str]) -> bool:
    """Whether a word of the subject is in another one, so that a question could mean both."""
    return bool(set(subject.split()) & {word for one in taken for word in one.split()})


def _fact(dice: random.Random, relation: str, subject: str) -> Line:
    of = RELATIONS[relation]
    said, value = of.draw(dice)
    while value in subject:
        said, value = of.draw(dice)
    text = dice.choice(of.sentences).format(s=subject, v=said)
    return text[0].upper() + text[1:], relation, subject, value


def _spoken(shots: tuple[Shot, ...], lines: list[Line]) -> tuple[Sentence, ...]:
    """Two sentences in each shot, none across a cut."""
    sentences: list[Sentence] = []
    for number, (text, relation, subject, value) in enumerate(lines):
        shot = shots[number // 2]
        start = shot.start + 0.6 if number % 2 == 0 else (shot.start + shot.end) / 2 + 0.4
        lasts = min(0.8 + PACE * len(text.split()), (shot.end - shot.start) / 2 - 0.9)
        start = round(start, 1)
        sentences.append(Sentence(start, round(start + lasts, 2), text, relation, subject, value))
    return tuple(sentences)


def _signs(dice: random.Random, shots: tuple[Shot, ...]) -> tuple[Sign, ...]:
    """A title or a sign in each shot; one notice comes twice or three times."""
    notice = dice.choice(words.NOTICES)
    again = set(dice.sample(range(len(shots)), dice.randint(2, 3)))
    titles = iter(dice.sample(words.TITLES, len(shots)))
    prices, numbered = dice.sample(words.PRICED, 2), dice.sample(words.NUMBERED, 2)
    name, role = dice.choice(words.PEOPLE), dice.choice(words.ROLES)
    special: list[tuple[str, str, str, str]] = [
        *((f"{what} {at}", "number", what, str(at))
          for what, at in zip(numbered, dice.sample(range(11, 99), 2), strict=True)),
        *((f"{what} {cost:.2f}", "price", what, f"{cost:.2f}")
          for what in prices for cost in [dice.randint(11, 99) / 10]),
        (f"{name.upper()}, {role.upper()}", "name", role, name.split()[0]),
    ]  # fmt: skip
    dice.shuffle(special)
    signs: list[Sign] = []
    for number, shot in enumerate(shots):
        end = round(shot.end - 0.8, 1)
        if number in again:
            signs.append(Sign(round(shot.start + 1, 1), end, notice, "notice", notice))
        elif special and number % 2:
            text, kind, label, value = special.pop()
            signs.append(Sign(round(shot.start + 1, 1), end, text, kind, label.lower(), value))  # type: ignore[arg-type]
        else:
            signs.append(Sign(round(shot.start + 0.8, 1), end, next(titles), "title"))
    return tuple(signs)


def _shapes(dice: random.Random, shots: tuple[Shot, ...]) -> tuple[Shape, ...]:
    """A moving shape in two shots, of colours that no background has."""
    free = [c for c in words.SHAPE_COLOURS if c not in {shot.colour for shot in shots}]
    dice.shuffle(free)
    forms = dice.sample(words.FORMS, 2)
    chosen = sorted(dice.sample(range(len(shots)), 2))
    return tuple(
        Shape(
            round(shots[at].start + 1.6, 1),
            round(shots[at].end - 1.2, 1),
            form,
            colour,
            dice.choice(("left", "right")),
        )
        for at, form, colour in zip(chosen, forms, free, strict=False)
    )


def _noises(dice: random.Random, end: float) -> tuple[Noise, ...]:
    """One to three bursts, one of them louder than the others."""
    count = dice.randint(1, 3)
    room = end / count
    loudest = dice.randrange(count)
    noises: list[Noise] = []
    for number in range(count):
        start = round(room * number + dice.uniform(2.0, room - 4.5), 1)
        kind = dice.choice(("noise", "tone"))
        level = LOUDEST if number == loudest else LOUD
        noises.append(Noise(start, round(start + dice.uniform(1.2, 2.0), 1), kind, level))
    return tuple(noises)


def _silence(noises: tuple[Noise, ...], end: float) -> tuple[float, float]:
    """Five seconds in the middle of the longest stretch between two bursts."""
    edges = [0.0, *(t for noise in noises for t in (noise.start, noise.end)), end]
    gaps = [(edges[n], edges[n + 1]) for n in range(0, len(edges), 2)]
    start, stop = max(gaps, key=lambda gap: gap[1] - gap[0])
    middle = round((start + stop) / 2, 1)
    return middle - 2.5, middle + 2.5
