"""What can be asked of one film, with what is true."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import chain, pairwise
from typing import Any

from agent.evaluation.filming import HEIGHT, WIDTH
from agent.evaluation.phrasings import ASKED
from agent.evaluation.relations import ALIKE, NEVER_TOLD, RELATIONS
from agent.evaluation.truth import ABSENT, ADJACENT, Expect, Film, Question, Sentence, Sign, Span
from agent.evaluation.vocabulary import ABSENT as NOWHERE
from agent.evaluation.vocabulary import COLOURS, FORMS, NOTICES, NUMBERED, NUMBERS, PRICED

Thread = tuple[Question, ...]
"""A question and what follows up on it."""


@dataclass(frozen=True)
class Asker:
    """What can be asked of one film; the others tell what is not in it."""

    film: Film
    films: Sequence[Film]
    dice: random.Random

    def threads(self) -> Iterator[Thread]:
        """Every question, alone or with what follows up on it."""
        for single in chain(
            self._said(), self._written(), self._time(), self._seen(), self._order(),
            self._count(), self._about(), self._sound(), self._absent(), self._adjacent(),
        ):  # fmt: skip
            yield (single,)
        yield from self._going_on()

    # What can be told.

    def _ask(
        self,
        kind: str,
        how: str | Sequence[str],
        truth: Iterable[Sentence | Sign | Span] = (),
        accepted: Sequence[str] = (),
        instead: Sequence[str] = (),
        expect: Expect = "found",
        **fields: Any,
    ) -> Question:
        """A question in one of the ways; spans without a video are of this film."""
        phrasing = self.dice.choice(ASKED[how] if isinstance(how, str) else how)
        spans = tuple(Span(self.film.name, one.start, one.end) for one in truth)
        text = phrasing.format(**fields)
        return Question(
            text, (self.film.name,), kind, spans, tuple(accepted), tuple(instead), expect
        )

    def _fact(self, fact: Sentence) -> Question:
        how = RELATIONS[fact.relation].questions
        return self._ask("said", how, [fact], _spellings(fact.value), s=fact.subject)

    def _said(self) -> Iterator[Question]:
        for fact in self.film.facts():
            yield self._fact(fact)
            yield self._ask("said", "about", [fact], _spellings(fact.value), it=_named(fact))
        for one in self.film.sentences:
            yield self._said_at(one)

    def _said_at(self, one: Sentence) -> Question:
        return self._ask(
            "said", "said at", [one], self._telling(one), t=self._moment(one.start, one.end)
        )

    def _written(self) -> Iterator[Question]:
        for sign in self.film.signs:
            yield self._label(sign) if sign.value else self._read_at(sign)
            yield self._read_at(sign)

    def _label(self, sign: Sign) -> Question:
        how = {"number": "number", "price": "sign price", "name": "name tag"}[sign.kind]
        return self._ask("written", how, [sign], [sign.value], label=sign.label)

    def _read_at(self, sign: Sign) -> Question:
        t = self._moment(sign.start, sign.end)
        return self._ask("written", "read at", [sign], [sign.text], t=t)

    def _time(self) -> Iterator[Question]:
        for fact in self.film.facts():
            yield self._ask("time", "mentioned", [fact], it=_named(fact))
        for text in dict.fromkeys(sign.text for sign in self.film.signs):
            yield self._shown(text)
        if self.film.clock:
            for at in self.dice.sample(range(2, int(self.film.duration) - 2), 3):
                shown = [self.film.clock + timedelta(seconds=at + off) for off in (0, -1, 1)]
                span = Span(self.film.name, at - 1, at + 1)
                accepted = [f"{one:%H:%M:%S}" for one in shown]
                yield self._ask("time", "clock", [span], accepted, t=self._said_time(at))

    def _shown(self, text: str) -> Question:
        signs = [sign for sign in self.film.signs if sign.text == text]
        return self._ask("time", "shown", signs, text=text.capitalize())

    def _seen(self) -> Iterator[Question]:
        for colour in dict.fromkeys(shot.colour for shot in self.film.shots):
            yield self._mostly(colour)
        for shot in self.film.shots:
            t = self._moment(shot.start + 0.5, shot.end - 0.5)
            span = Span(self.film.name, shot.start, shot.end)
            yield self._ask("seen", "background", [span], _colour(shot.colour), t=t)
        for shape in self.film.shapes:
            span = Span(self.film.name, shape.start, shape.end)
            yield self._ask("seen", "shape", [span], colour=shape.colour, form=shape.form)
        for colour, how in (("black", "darkest"), ("white", "brightest")):
            if any(shot.colour == colour for shot in self.film.shots):
                yield self._ask("seen", how, self._coloured(colour))

    def _mostly(self, colour: str) -> Question:
        return self._ask("seen", "mostly", self._coloured(colour), colour=colour)

    def _coloured(self, colour: str) -> list[Span]:
        shots = (shot for shot in self.film.shots if shot.colour == colour)
        return [Span(self.film.name, shot.start, shot.end) for shot in shots]

    def _order(self) -> Iterator[Question]:
        facts, said, signs = self.film.facts(), self.film.sentences, self.film.signs
        for a, b in pairwise(self.dice.sample(facts, len(facts))):
            first, second = sorted((a, b), key=lambda fact: fact.start)
            yield self._ask(
                "order", "first of", [a, b], [first.subject], [second.subject],
                a=_named(a), b=_named(b),
            )  # fmt: skip
        for before, after in pairwise(said):
            if before.relation:
                yield self._ask("order", "after", [after], self._telling(after), it=_named(before))
            if after.relation:
                yield self._ask(
                    "order", "before", [before], self._telling(before), it=_named(after)
                )
        yield self._ask("order", "first said", [said[0]], self._telling(said[0]))
        yield self._ask("order", "last said", [said[-1]], self._telling(said[-1]))
        if not self.film.clock:  # which is a text too, the first and the last one
            yield self._ask("order", "first read", [signs[0]], [signs[0].text])
            yield self._ask("order", "last read", [signs[-1]], [signs[-1].text])

    def _count(self) -> Iterator[Question]:
        yield from (self._how_often() for _ in range(2))
        for text in dict.fromkeys(sign.text for sign in self.film.signs if sign.kind == "notice"):
            signs = [sign for sign in self.film.signs if sign.text == text]
            yield self._ask("count", "signs", signs, _times(len(signs)), text=text.capitalize())

    def _how_often(self) -> Question:
        mentions = self._repeated()
        it = f"the {mentions[0].subject}"
        return self._ask("count", "how often", mentions, _times(len(mentions)), it=it)

    def _repeated(self) -> list[Sentence]:
        subject = next(s.subject for s in self.film.sentences if s.subject and not s.relation)
        return self.film.mentions(subject)

    def _whole(self) -> list[Span]:
        return [Span(self.film.name, 0.0, self.film.duration)]

    def _about(self) -> Iterator[Question]:
        film, whole = self.film, self._whole()
        yield self._length()
        yield self._scenes()
        yield self._ask("about", "cuts", whole, _times(len(film.shots) - 1))
        yield self._ask(
            "about",
            "size",
            whole,
            [f"{WIDTH}{by}{HEIGHT}" for by in ("x", " x ", "\u00d7", " \u00d7 ")],
        )
        yield self._ask("about", "title", whole, [film.name])
        if day := film.recorded_at:
            days = [f"{day:%Y-%m-%d}", f"{day.day} {day:%B %Y}", f"{day:%B} {day.day}, {day.year}"]
            yield self._ask("about", "recorded", whole, days)

    def _length(self) -> Question:
        minutes, seconds = divmod(self.film.duration, 60)
        shown = [f"{minutes:.0f}:{seconds:04.1f}", f"{self.film.duration:.1f}"]
        shown += [f"{minutes:.0f}:{int(seconds + more):02}" for more in (0, 0.5)]
        shown += [f"{int(self.film.duration + more)}" for more in (0, 0.5)]
        return self._ask("about", "length", self._whole(), shown)

    def _scenes(self) -> Question:
        return self._ask("about", "scenes", self._whole(), _times(len(self.film.shots)))

    def _sound(self) -> Iterator[Question]:
        noises = [Span(self.film.name, one.start, one.end) for one in self.film.noises]
        if not noises or not self.film.silence:
            return
        yield self._ask("sound", "loud", noises)
        yield self._ask("sound", "loudest", self._loudest())
        yield self._ask("sound", "silent", [Span(self.film.name, *self.film.silence)])
        yield self._how_loud()

    def _how_loud(self) -> Question:
        noises = [Span(self.film.name, one.start, one.end) for one in self.film.noises]
        return self._ask("sound", "how loud", noises, _times(len(noises)))

    def _loudest(self) -> list[Span]:
        loudest = max(self.film.noises, key=lambda noise: noise.level)
        return [Span(self.film.name, loudest.start, loudest.end)]

    # What follows up.

    def _going_on(self) -> Iterator[Thread]:
        said, film = self.film.sentences, self.film
        for fact in film.facts():
            first = self._fact(fact)
            yield first, self._ask("time", "when that", [fact])
            yield first, self._ask("said", "why", [fact], _spellings(fact.value))
            for sign in film.signs:
                if sign.start <= fact.start and fact.end <= sign.end:
                    yield first, self._ask("written", "written there", [sign], [sign.text])
            shot = next(s for s in film.shots if fact.start < s.end)
            span = Span(film.name, shot.start, shot.end)
            yield first, self._ask("seen", "colour there", [span], _colour(shot.colour))
        for before, after in pairwise(said):
            if before.relation:
                yield self._fact(before), self._ask("order", "next", [after], self._telling(after))
            if after.relation:
                previous = self._ask("order", "previous", [before], self._telling(before))
                yield self._fact(after), previous
        for sign in film.signs:
            during = [s for s in said if s.start < sign.end and s.end > sign.start]
            if sum(one.text == sign.text for one in film.signs) == 1 and during:
                telling = [word for one in during for word in self._telling(one)]
                yield self._shown(sign.text), self._ask("said", "said there", during, telling)
        yield from self._later()
        yield from self._other()
        for a, b in pairwise(film.signs[k] for k in range(len(film.signs)) if film.signs[k].value):
            if a.kind == b.kind:
                yield self._label(a), self._ask("written", "and", [b], [b.value], it=b.label)
        for a, b in pairwise(dict.fromkeys(shot.colour for shot in film.shots)):
            yield self._mostly(a), self._ask("seen", "and colour", self._coloured(b), it=b)
        mentions = self._repeated()
        for how, one in (("second", mentions[1]), ("last", mentions[-1])):
            yield self._how_often(), self._ask("said", how, [one], self._telling(one))
        yield (
            self._ask("time", "mentioned", mentions, it=f"the {mentions[0].subject}"),
            self._ask("count", "it often", mentions, _times(len(mentions))),
        )
        yield (
            self._length(),
            self._ask("about", "and scenes", self._whole(), _times(len(film.shots))),
        )
        yield (
            self._scenes(),
            self._ask("about", "and length", self._whole(), self._length().accepted),
        )
        if len(film.noises) > 1:
            spans = [Span(film.name, one.start, one.end) for one in film.noises]
            yield self._how_loud(), self._ask("sound", "first sound", spans[:1])
            yield self._how_loud(), self._ask("sound", "last sound", spans[-1:])

    def _later(self) -> Iterator[Thread]:
        """Where somebody speaks ten seconds after the second that is asked about.

        And ten seconds after the sentence begins: both are what a person can mean.
        """
        for one in self.film.sentences:
            for then in self.film.sentences:
                inside = [
                    at
                    for at in range(int(one.start) + 1, int(one.end))
                    if then.start <= one.start + 10 < then.end and then.start < at + 10 < then.end
                ]
                if inside:
                    t = self._said_time(self.dice.choice(inside))
                    first = self._ask("said", "said at", [one], self._telling(one), t=t)
                    yield first, self._ask("time", "later", [then], self._telling(then))

    def _other(self) -> Iterator[Thread]:
        """The price of a thing here, and in the neighbour that has one too."""
        for other in self.films:
            for theirs in other.facts("price"):
                for ours in self.film.facts("price"):
                    if theirs.subject != ours.subject or theirs.value == ours.value:
                        continue
                    both = (self.film.name, other.name)
                    first = self._fact(ours)
                    text = first.text.rstrip("?") + f' in "{self.film.name}"?'
                    truth = Span(other.name, theirs.start, theirs.end)
                    then = self._ask("said", "other", (), _spellings(theirs.value))
                    yield (
                        replace(first, text=text, videos=both),
                        replace(then, videos=both, truth=(truth,)),
                    )

    # What cannot be told.

    def _absent(self) -> Iterator[Question]:
        film = self.film
        words = {w for one in (*film.sentences, *film.signs) for w in _words(one.text)}
        for _ in range(4):
            relation = self.dice.choice(list(RELATIONS))
            of = RELATIONS[relation]
            free = [s for s in of.subjects if not words & set(s.lower().split())]
            subject = self.dice.choice(free)
            yield self._not("said", of.questions, s=subject)
        nowhere = iter(self.dice.sample(NOWHERE, 9))
        yield self._not("said", "about", it=f"the {next(nowhere)}")
        yield self._not("time", "mentioned", it=f"the {next(nowhere)}")
        yield self._not("seen", "seen", it=next(nowhere))
        yield self._not("sound", "heard", it=next(nowhere))
        yield self._not("count", "how often", it=f"the {next(nowhere)}")
        yield self._not("order", "after", it=f"the {next(nowhere)}")
        yield self._not("order", "before", it=f"the {next(nowhere)}")
        for how, kind, labels in (("number", "number", NUMBERED), ("sign price", "price", PRICED)):
            known = {sign.label for sign in film.signs if sign.kind == kind}
            free = [one.lower() for one in labels if one.lower() not in known | words]
            yield self._not("written", how, label=self.dice.choice(free))
        shown = {sign.text for sign in film.signs}
        notice = self.dice.choice([one for one in NOTICES if one not in shown])
        yield self._not("time", "shown", text=notice.capitalize())
        yield self._not("count", "signs", text=notice.capitalize())
        seen = {one.colour for one in (*film.shots, *film.shapes)}
        free = [c for c in COLOURS if c not in seen | {"grey", "black", "white"}]
        if free:
            yield self._not("seen", "mostly", colour=free[0])
            yield self._not("seen", "shape", colour=free[0], form=self.dice.choice(FORMS))
        if not film.audible:
            for how in ("loud", "loudest"):
                yield self._not("sound", how)

    def _not(self, kind: str, how: str | Sequence[str], **fields: Any) -> Question:
        return self._ask(kind, how, expect=ABSENT, **fields)

    def _adjacent(self) -> Iterator[Question]:
        for fact in self.film.facts():
            same = next((group for group in ALIKE if fact.relation in group), set[str]())
            others = [
                q for name in sorted(same - {fact.relation}) for q in RELATIONS[name].questions
            ]
            if how := [*others, *NEVER_TOLD.get(fact.relation, ())]:
                yield self._ask("said", how, expect=ADJACENT, s=fact.subject)
        for sign in self.film.signs:
            if sign.kind in ("number", "price"):
                how = f"of {sign.kind}"
                yield self._ask("written", how, expect=ADJACENT, it=sign.label)
        repeated = self._repeated()[0].subject
        for kind in ("said", "time", "seen", "count"):
            yield self._ask(kind, f"{kind} of repeated", expect=ADJACENT, it=repeated)
        if self.film.noises:
            yield self._ask("sound", "of noise", expect=ADJACENT)
        yield self._ask("about", "of video", expect=ADJACENT)

    # What the truth is called.

    def _telling(self, one: Sentence) -> list[str]:
        """The value of a fact, else the words that no other sentence of the film has."""
        if one.value:
            return _spellings(one.value)
        others = {w for s in self.film.sentences if s is not one for w in _words(s.text)}
        own = [word for word in _words(one.text) if len(word) > 4 and word not in others]
        return [one.subject, *own] if one.subject else own

    def _moment(self, start: float, end: float) -> str:
        """A whole second inside a span, as people write it; the middle where there is none."""
        inside = [t for t in range(int(start) + 1, int(end) + 1) if t < end - 0.2]
        return self._said_time(self.dice.choice(inside) if inside else (start + end) / 2)

    def _said_time(self, seconds: float) -> str:
        if seconds != int(seconds):
            return f"{seconds:.1f} s"
        at = int(seconds)
        clock = f"{at // 60}:{at % 60:02}"
        return self.dice.choice((clock, clock, f"{at} seconds", f"{at} s", f"second {at}"))


def _words(text: str) -> list[str]:
    return [word.strip(".,").lower() for word in text.split()]


def _named(fact: Sentence) -> str:
    """A subject as it stands in a sentence."""
    return fact.subject if fact.subject[0].isupper() else f"the {fact.subject}"


def _spellings(value: str) -> list[str]:
    spelled = NUMBERS.get(int(value)) if value.isdigit() else None
    return [value, spelled] if spelled else [value]


def _times(count: int) -> list[str]:
    once = {1: ["once", "one", "single"], 2: ["twice"]}.get(count, [])
    return [*_spellings(str(count)), *once]


def _colour(colour: str) -> list[str]:
    return {"grey": ["grey", "gray"], "purple": ["purple", "violet"]}.get(colour, [colour])
