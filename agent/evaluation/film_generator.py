"""Generator of films: the same seed, the same films."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.evaluation.film_writer import COLOURS, FORMS, SHAPE_COLOURS
from agent.evaluation.ground_truth import Film, Noise, Shape, Shot, Text
from agent.evaluation.hand import HELD_OUT, Hand, load_hand

FILMS = 10
SECONDS_PER_WORD = 0.28
LOUD, LOUDEST = 0.35, 0.9
"""Amplitudes of noises."""


def generate_films(seed: int, hand: str = HELD_OUT, count: int = FILMS) -> list[Film]:
    """The films of a seed and a hand. Each two neighbours tell the first relation of one thing."""
    rng, made_by = random.Random(f"{hand} {seed}"), load_hand(hand)
    names = rng.sample(made_by.words["film_names"], count)
    things = made_by.subjects(made_by.names("said")[0])
    shared = [rng.choice(things) for _ in range((count + 1) // 2)]
    return [_film(rng, made_by, n, name, shared[n // 2]) for n, name in enumerate(names)]


def _film(rng: random.Random, hand: Hand, number: int, name: str, shared: str) -> Film:
    shots = _shots(rng)
    end = shots[-1].end
    noises = () if number % 5 == 4 else _noises(rng, end)
    recorded = datetime(2021 + number % 5, rng.randint(1, 12), rng.randint(1, 28), 9, tzinfo=UTC)
    recorded += timedelta(minutes=rng.randint(0, 480))
    clock = recorded + timedelta(seconds=rng.randint(0, 59)) if number % 3 == 1 else None
    return Film(
        hand=hand,
        name=name,
        shots=shots,
        lines=_timed(shots, _lines(rng, hand, shared, 2 * len(shots))),
        signs=_signs(rng, hand, shots),
        shapes=_shapes(rng, shots),
        noises=noises,
        silence=_silence(noises, end) if noises else None,
        clock=clock,
        recorded_at=clock or (recorded if number % 2 else None),
    )


def _shots(rng: random.Random) -> tuple[Shot, ...]:
    """Shots whose neighbours differ in colour; in some films one colour comes twice."""
    count = rng.randint(4, 7)
    colours = rng.sample(list(COLOURS), count)
    if count > 4 and rng.random() < 0.5:
        colours[-1] = colours[rng.randrange(count - 2)]
    shots: list[Shot] = []
    start = 0.0
    for colour in colours:
        end = round(start + rng.randint(38, 62) / 5, 1)
        shots.append(Shot(start, end, colour))
        start = end
    return tuple(shots)


def _lines(rng: random.Random, hand: Hand, shared: str, count: int) -> list[Text]:
    """Facts, mentions of one recurring subject, and asides; without times yet."""
    mentions = rng.sample(hand.words["mentions"], rng.randint(2, 4))
    recurring = rng.choice(hand.words["repeated"])
    lines = [Text(0, 0, text.format(recurring), "", recurring) for text in mentions]
    first, *others = hand.names("said")
    lines.append(_fact(rng, hand, first, shared))
    taken = {*shared.split(), *recurring.split()}
    rng.shuffle(others)
    for relation in others[: count - len(lines) - 2]:
        # No two subjects share a word, so that no question could mean both.
        free = [s for s in hand.subjects(relation) if taken.isdisjoint(s.split())]
        line = _fact(rng, hand, relation, rng.choice(free))
        taken |= {*line.subject.split(), *line.value.split()}
        lines.append(line)
    lines += [Text(0, 0, text) for text in rng.sample(hand.words["asides"], count - len(lines))]
    rng.shuffle(lines)
    return lines


def _fact(rng: random.Random, hand: Hand, name: str, subject: str) -> Text:
    told, value = hand.draw(name, rng)
    while value.lower() in subject.lower():
        told, value = hand.draw(name, rng)
    relation = hand.relations[name]
    text = rng.choice(relation.tells).format(s=subject, v=told)
    text = text.upper() if relation.kind == "written" else text[0].upper() + text[1:]
    return Text(0, 0, text, name, subject, value)


def _timed(shots: tuple[Shot, ...], lines: list[Text]) -> tuple[Text, ...]:
    """Two lines in each shot, none across a cut."""
    timed: list[Text] = []
    for number, line in enumerate(lines):
        shot = shots[number // 2]
        start = shot.start + 0.6 if number % 2 == 0 else (shot.start + shot.end) / 2 + 0.4
        most = (shot.end - shot.start) / 2 - 0.9
        lasts = min(0.8 + SECONDS_PER_WORD * len(line.text.split()), most)
        start = round(start, 1)
        timed.append(replace(line, start=start, end=round(start + lasts, 2)))
    return tuple(timed)


def _signs(rng: random.Random, hand: Hand, shots: tuple[Shot, ...]) -> tuple[Text, ...]:
    """A title or a sign in each shot; one notice comes twice or three times."""
    notice = rng.choice(hand.words["notices"])
    again = set(rng.sample(range(len(shots)), rng.randint(2, 3)))
    titles = iter(rng.sample(hand.words["titles"], len(shots)))
    special = [
        _fact(rng, hand, name, label)
        for name in rng.sample(hand.names("written"), 3)
        for label in rng.sample(hand.subjects(name), 2)
    ]
    signs: list[Text] = []
    for number, shot in enumerate(shots):
        start, end = round(shot.start + 1, 1), round(shot.end - 0.8, 1)
        if number in again:
            signs.append(Text(start, end, notice, "notice", notice))
        elif number % 2:
            signs.append(replace(special.pop(), start=start, end=end))
        else:
            signs.append(Text(round(shot.start + 0.8, 1), end, next(titles), "title"))
    return tuple(signs)


def _shapes(rng: random.Random, shots: tuple[Shot, ...]) -> tuple[Shape, ...]:
    """A moving shape in two shots, of colours that no background has."""
    free = [c for c in SHAPE_COLOURS if c not in {shot.colour for shot in shots}]
    rng.shuffle(free)
    forms = rng.sample(FORMS, 2)
    chosen = sorted(rng.sample(range(len(shots)), 2))
    shapes: list[Shape] = []
    for at, form, colour in zip(chosen, forms, free, strict=False):
        start, end = round(shots[at].start + 1.6, 1), round(shots[at].end - 1.2, 1)
        shapes.append(Shape(start, end, form, colour, rng.choice(("left", "right"))))
    return tuple(shapes)


def _noises(rng: random.Random, end: float) -> tuple[Noise, ...]:
    """One to three bursts, one of them louder than the others."""
    count = rng.randint(1, 3)
    room = end / count
    loudest = rng.randrange(count)
    noises: list[Noise] = []
    for number in range(count):
        start = round(room * number + rng.uniform(2.0, room - 4.5), 1)
        stop, level = (
            round(start + rng.uniform(1.2, 2.0), 1),
            LOUDEST if number == loudest else LOUD,
        )
        noises.append(Noise(start, stop, rng.choice(("noise", "tone")), level))
    return tuple(noises)


def _silence(noises: tuple[Noise, ...], end: float) -> tuple[float, float]:
    """Five seconds in the middle of the longest gap between two bursts."""
    edges = [0.0, *(at for noise in noises for at in (noise.start, noise.end)), end]
    start, stop = max(zip(edges[::2], edges[1::2], strict=True), key=lambda gap: gap[1] - gap[0])
    middle = round((start + stop) / 2, 1)
    return middle - 2.5, middle + 2.5
