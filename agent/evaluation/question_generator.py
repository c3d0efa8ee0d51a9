"""Generator of every question that can be asked of a film, with its answer."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, pairwise
from typing import Any

from agent.evaluation.film_writer import COLOURS, FORMS, HEIGHT, WIDTH
from agent.evaluation.ground_truth import Expect, Film, Interval, Question, Text, VideoSpan
from agent.evaluation.hand import NUMBERS

Conversation = tuple[Question, ...]
"""A question and its follow-ups."""


@dataclass(frozen=True)
class QuestionGenerator:
    """Questions about one film; the other films are for questions about two."""

    film: Film
    films: Sequence[Film]
    rng: random.Random

    def conversations(self) -> Iterator[Conversation]:
        """Every question, alone or with a follow-up."""
        for question in chain(
            self._speech(), self._screen_text(), self._times(), self._pictures(), self._order(),
            self._counts(), self._metadata(), self._sounds(), self._gist(), self._absent(),
            self._adjacent(), self._impossible(),
        ):  # fmt: skip
            yield (question,)
        yield from self._follow_ups()

    def _ask(
        self,
        name: str | tuple[str, Sequence[str]],
        truth: Iterable[Interval] = (),
        accepted: Sequence[str] = (),
        rejected: Sequence[str] = (),
        expect: Expect = "found",
        **fields: Any,
    ) -> Question:
        """A question of this name, or of a kind and in one of these phrasings."""
        kind, phrasings = self.film.hand.questions[name] if isinstance(name, str) else name
        text = self.rng.choice(phrasings).format(**fields)
        film = self.film.name
        spans = tuple(VideoSpan(film, part.start, part.end) for part in truth)
        return Question(text, (film,), kind, spans, tuple(accepted), tuple(rejected), expect=expect)

    # Questions with an answer in the film.

    def _fact(self, fact: Text) -> Question:
        relation = self.film.hand.relations[fact.relation]
        asked = relation.kind, relation.asks
        return self._ask(asked, [fact], _spellings(fact.value), s=fact.subject)

    def _speech(self) -> Iterator[Question]:
        for fact in self.film.facts:
            yield self._fact(fact)
            yield self._ask("about", [fact], _spellings(fact.value), it=_named(fact))
        for line in self.film.lines:
            accepted = self._accepted(line)
            yield self._ask("said at", [line], accepted, t=self._second(line.start, line.end))

    def _screen_text(self) -> Iterator[Question]:
        for sign in self.film.signs:
            if sign.value:
                yield self._fact(sign)
            for _ in range(1 if sign.value else 2):
                t = self._second(sign.start, sign.end)
                yield self._ask("read at", [sign], [sign.text], t=t)

    def _times(self) -> Iterator[Question]:
        for fact in self.film.facts:
            yield self._ask("mentioned", [fact], it=_named(fact))
        for text in dict.fromkeys(sign.text for sign in self.film.signs):
            yield self._shown(text)
        if self.film.clock:
            for at in self.rng.sample(range(2, int(self.film.duration) - 2), 3):
                shown = [self.film.clock + timedelta(seconds=at + off) for off in (0, -1, 1)]
                accepted = [f"{time:%H:%M:%S}" for time in shown]
                yield self._ask("clock", [Interval(at - 1, at + 1)], accepted, t=self._written(at))

    def _shown(self, text: str) -> Question:
        return self._ask("shown", self.film.signs_reading(text), text=text.capitalize())

    def _pictures(self) -> Iterator[Question]:
        for colour in dict.fromkeys(shot.colour for shot in self.film.shots):
            yield self._mostly(colour)
        for shot in self.film.shots:
            t = self._second(shot.start + 0.5, shot.end - 0.5)
            yield self._ask("background", [shot], _colour(shot.colour), t=t)
        for shape in self.film.shapes:
            yield self._ask("shape", [shape], colour=shape.colour, form=shape.form)
        for colour, name in (("black", "darkest"), ("white", "brightest")):
            if shots := self.film.shots_in(colour):
                yield self._ask(name, shots)

    def _mostly(self, colour: str) -> Question:
        return self._ask("mostly", self.film.shots_in(colour), colour=colour)

    def _order(self) -> Iterator[Question]:
        facts, lines, signs = self.film.facts, self.film.lines, self.film.signs
        for a, b in pairwise(self.rng.sample(facts, len(facts))):
            first, last = (fact.subject for fact in sorted((a, b), key=lambda fact: fact.start))
            yield self._ask("first of", [a, b], [first], [last], a=_named(a), b=_named(b))
        for before, after in pairwise(lines):
            if before.relation:
                yield self._ask("after", [after], self._accepted(after), it=_named(before))
            if after.relation:
                yield self._ask("before", [before], self._accepted(before), it=_named(after))
        yield self._ask("first said", lines[:1], self._accepted(lines[0]))
        yield self._ask("last said", lines[-1:], self._accepted(lines[-1]))
        if not self.film.clock:  # which is a text too, the first and the last one
            yield self._ask("first read", signs[:1], [signs[0].text])
            yield self._ask("last read", signs[-1:], [signs[-1].text])

    def _counts(self) -> Iterator[Question]:
        yield from (self._how_often() for _ in range(2))
        notices = [sign for sign in self.film.signs if sign.relation == "notice"]
        text = notices[0].text.capitalize()
        yield self._ask("signs", notices, _count(len(notices)), text=text)

    def _how_often(self) -> Question:
        mentions = self.film.mentions
        return self._ask("how often", mentions, _count(len(mentions)), it=_named(mentions[0]))

    @property
    def _whole(self) -> list[Interval]:
        return [Interval(0.0, self.film.duration)]

    def _metadata(self) -> Iterator[Question]:
        yield self._length()
        yield self._scenes()
        yield self._ask("cuts", self._whole, _count(len(self.film.shots) - 1))
        sizes = [f"{WIDTH}{by}{HEIGHT}" for by in ("x", " x ", "\u00d7", " \u00d7 ")]
        yield self._ask("size", self._whole, sizes)
        yield self._ask("title", self._whole, [self.film.name])
        if day := self.film.recorded_at:
            days = [f"{day:%Y-%m-%d}", f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}"]
            yield self._ask("recorded", self._whole, days)

    def _length(self) -> Question:
        minutes, seconds = divmod(self.film.duration, 60)
        shown = [f"{minutes:.0f}:{seconds:04.1f}", f"{self.film.duration:.1f}"]
        shown += [f"{minutes:.0f}:{int(seconds + more):02}" for more in (0, 0.5)]
        shown += [f"{int(self.film.duration + more)}" for more in (0, 0.5)]
        return self._ask("length", self._whole, shown)

    def _scenes(self, name: str = "scenes") -> Question:
        return self._ask(name, self._whole, _count(len(self.film.shots)))

    def _sounds(self) -> Iterator[Question]:
        if self.film.silence:
            yield self._ask("loud", self.film.noises)
            yield self._ask("loudest", [max(self.film.noises, key=lambda noise: noise.level)])
            yield self._ask("silent", [Interval(*self.film.silence)])
            yield self._how_loud()

    def _how_loud(self) -> Question:
        return self._ask("how loud", self.film.noises, _count(len(self.film.noises)))

    # Questions with a follow-up.

    def _follow_ups(self) -> Iterator[Conversation]:
        lines, film = self.film.lines, self.film
        for fact in film.facts:
            first = self._fact(fact)
            yield first, self._ask("when that", [fact])
            yield first, self._ask("why", [fact], _spellings(fact.value))
            for sign in film.signs:
                if sign.start <= fact.start and fact.end <= sign.end:
                    yield first, self._ask("written there", [sign], [sign.text])
            shot = next(shot for shot in film.shots if fact.start < shot.end)
            yield first, self._ask("colour there", [shot], _colour(shot.colour))
        for before, after in pairwise(lines):
            if before.relation:
                yield self._fact(before), self._ask("next", [after], self._accepted(after))
            if after.relation:
                previous = self._ask("previous", [before], self._accepted(before))
                yield self._fact(after), previous
        for sign in film.signs:
            during = [s for s in lines if s.start < sign.end and s.end > sign.start]
            if film.signs_reading(sign.text) == [sign] and during:
                accepted = [word for line in during for word in self._accepted(line)]
                yield self._shown(sign.text), self._ask("said there", during, accepted)
        yield from self._ten_seconds_later()
        yield from self._other_film()
        for a, b in pairwise(sign for sign in film.signs if sign.value):
            if a.relation == b.relation:
                yield self._fact(a), self._ask("and", [b], [b.value], it=b.subject)
        for a, b in pairwise(dict.fromkeys(shot.colour for shot in film.shots)):
            yield self._mostly(a), self._ask("and colour", film.shots_in(b), it=b)
        mentions = film.mentions
        for name, line in (("second", mentions[1]), ("last", mentions[-1])):
            yield self._how_often(), self._ask(name, [line], self._accepted(line))
        first = self._ask("mentioned", mentions, it=_named(mentions[0]))
        yield first, self._ask("it often", mentions, _count(len(mentions)))
        yield self._length(), self._scenes("and scenes")
        yield self._scenes(), self._ask("and length", self._whole, self._length().accepted)
        if len(film.noises) > 1:
            yield self._how_loud(), self._ask("first sound", film.noises[:1])
            yield self._how_loud(), self._ask("last sound", film.noises[-1:])

    def _ten_seconds_later(self) -> Iterator[Conversation]:
        """Ask what is said ten seconds after a second in a line, and also after its start."""
        for line in self.film.lines:
            at = int(line.start) + 1
            for later in self.film.lines:
                if at < line.end and later.start <= line.start + 10 and at + 10 < later.end:
                    t = self._written(at)
                    first = self._ask("said at", [line], self._accepted(line), t=t)
                    yield first, self._ask("later", [later], self._accepted(later))

    def _other_film(self) -> Iterator[Conversation]:
        """Ask for a fact of a thing here, then in the neighbour that states one too."""
        ours = self._shared(self.film)
        for other in self.films:
            theirs = self._shared(other)
            if theirs.subject == ours.subject and theirs.value != ours.value:
                both = (self.film.name, other.name)
                first, second = self._fact(ours), self._ask("other", [], _spellings(theirs.value))
                text = first.text.rstrip("?.") + f' in "{self.film.name}"?'
                truth = (VideoSpan(other.name, theirs.start, theirs.end),)
                yield (
                    replace(first, text=text, videos=both),
                    replace(second, videos=both, truth=truth),
                )

    @staticmethod
    def _shared(film: Film) -> Text:
        """The one fact of the hand's first relation; every film has it."""
        return next(fact for fact in film.facts if fact.relation == film.hand.names("said")[0])

    # Questions without an answer in the film.

    def _absent(self) -> Iterator[Question]:
        film = self.film
        words = {word for part in (*film.lines, *film.signs) for word in _words(part.text)}
        for kind, count in (("said", 4), ("written", 2)):
            for name in self.rng.choices(film.hand.names(kind), k=count):
                subjects = film.hand.subjects(name)
                free = [s for s in subjects if words.isdisjoint(s.lower().split())]
                asked = kind, film.hand.relations[name].asks
                yield self._ask(asked, expect="absent", s=self.rng.choice(free))
        things = self.rng.sample(self.film.hand.words["absent_things"], 9)
        names = ("about", "mentioned", "seen", "heard", "how often", "after", "before")
        for name, thing in zip(names, things, strict=False):
            yield self._ask(name, expect="absent", it=f"the {thing}", thing=thing)
        notices = [n for n in self.film.hand.words["notices"] if not film.signs_reading(n)]
        notice = self.rng.choice(notices).capitalize()
        yield self._ask("shown", expect="absent", text=notice)
        yield self._ask("signs", expect="absent", text=notice)
        seen = {part.colour for part in (*film.shots, *film.shapes)}
        free = [c for c in COLOURS if c not in seen | {"grey", "black", "white"}]
        if free:
            yield self._ask("mostly", expect="absent", colour=free[0])
            form = self.rng.choice(FORMS)
            yield self._ask("shape", expect="absent", colour=free[0], form=form)
        for name in () if film.noises else ("loud", "loudest"):
            yield self._ask(name, expect="absent")

    def _gist(self) -> Iterator[Question]:
        """Ask for the whole: what recurs in it, its facts, then its signs."""
        told = [(fact.subject, *_spellings(fact.value)) for fact in self.film.facts]
        shown = [(text,) for text in dict.fromkeys(sign.text for sign in self.film.signs)]
        facts = ((self.film.mentions[0].subject,), *told, *shown)[:5]
        for _ in range(2):
            yield replace(self._ask("gist", self._whole), facts=facts)

    def _adjacent(self) -> Iterator[Question]:
        relations = self.film.hand.relations
        for fact in (*self.film.facts, *(sign for sign in self.film.signs if sign.value)):
            relation = relations[fact.relation]
            others = [o for o in relations.values() if o.subjects == relation.subjects]
            asks = [ask for other in others if other is not relation for ask in other.asks]
            asked = relation.kind, [*asks, *relation.adjacent]
            yield self._ask(asked, expect="adjacent", s=fact.subject)
        for kind in ("said", "time", "seen", "count"):
            recurring = self.film.mentions[0].subject
            yield self._ask(f"{kind} of repeated", expect="adjacent", it=recurring)
        if self.film.noises:
            yield self._ask("of noise", expect="adjacent")
        yield self._ask("of video", expect="adjacent")

    def _impossible(self) -> Iterator[Question]:
        for name in ("said at", "read at", "background"):
            t = self._written(int(self.film.duration) + self.rng.randint(20, 600))
            yield self._ask(name, expect="outside", t=t)
        yield self._ask("cannot", expect="cannot")

    def _accepted(self, line: Text) -> list[str]:
        """The value of a fact, else the words that no other line of the film has."""
        if line.value:
            return _spellings(line.value)
        others = {w for other in self.film.lines if other is not line for w in _words(other.text)}
        own = [word for word in _words(line.text) if len(word) > 4 and word not in others]
        return [line.subject, *own] if line.subject else own

    def _second(self, start: float, end: float) -> str:
        """A whole second inside a span, as people write it; the middle where there is none."""
        inside = [t for t in range(int(start) + 1, int(end) + 1) if t < end - 0.2]
        return self._written(self.rng.choice(inside) if inside else (start + end) / 2)

    def _written(self, seconds: float) -> str:
        if seconds != int(seconds):
            return f"{seconds:.1f} s"
        m, s = divmod(int(seconds), 60)
        return self.rng.choice(self.film.hand.times).format(m=m, s=s, n=int(seconds))


def _words(text: str) -> list[str]:
    return [word.strip(".,").lower() for word in text.split()]


def _named(line: Text) -> str:
    """The subject as it stands in a sentence."""
    return line.subject if line.subject[0].isupper() else f"the {line.subject}"


def _spellings(value: str) -> list[str]:
    spelled = NUMBERS.get(int(value)) if value.isdigit() else None
    return [value, spelled] if spelled else [value]


def _count(count: int) -> list[str]:
    once = {1: ["once", "one", "single"], 2: ["twice"]}.get(count, [])
    return [*_spellings(str(count)), *once]


def _colour(colour: str) -> list[str]:
    return {"grey": ["grey", "gray"], "purple": ["purple", "violet"]}.get(colour, [colour])
