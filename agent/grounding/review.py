"""Claims against evidence: it exists, it is in scope, and it holds what is claimed."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.grounding.citations import MARK, harmless, labels
from agent.grounding.claim import Said
from agent.grounding.evidence import Held, Measures, Verdict
from tools.media import Evidence


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer without its marks, the handles it cites and how well they hold.

    why says in words what is amiss, with the labels that the model wrote; empty where verified.
    """

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    why: str = ""


class Review:
    """Tests claims one after another, and gives evidence its handle when it is first shown.

    What pictures hold is measured again by `measured`; without it the index's own words tell.
    """

    def __init__(
        self,
        seen: Sequence[str],
        handles: Sequence[str],
        records: Mapping[str, Evidence | None],
        titles: Mapping[str, str],
        scope: Collection[str] = (),
        measured: Measures | None = None,
    ) -> None:
        self.handles = list(handles)
        self.gone = False
        self._known = list(handles)  # a handle given just now is none that the model can mean
        self._seen, self._records, self._titles = seen, records, titles
        self._scope, self._measured = scope, measured

    def ids(self, found: Iterable[str]) -> list[str]:
        """The evidence ids behind labels and handles, without those that stand for nothing."""
        return [id for label in found if (id := self._id(label))]

    def _id(self, label: str) -> str | None:
        known = self._seen if label.startswith("e") else self._known
        number = int(label.lstrip("e"))
        return known[number - 1] if 0 < number <= len(known) else None

    def handle(self, id: str) -> int:
        """The number by which people know this evidence."""
        if id not in self.handles:
            self.handles.append(id)
        return self.handles.index(id) + 1

    def usable(self, id: str | None) -> Evidence | None:
        """The evidence, where it exists still and belongs to the videos asked about."""
        record = self._records.get(id) if id else None
        self.gone |= id is not None and record is None
        return record if record and (not self._scope or record.video in self._scope) else None

    def claim(self, raw: str) -> tuple[str, Claim | None]:
        """The sentence as people see it, and the claim; None for what claims nothing."""
        raw = harmless(raw)
        bare = MARK.sub("", raw)
        said = Said(bare)
        kept: dict[str, Evidence] = {}  # by label
        amiss: list[str] = []

        def show(mark: re.Match[str]) -> str:
            out = ""
            for label in labels(mark[0]):
                record = self.usable(self._id(label))
                if record is None:
                    amiss.append(self._missing(label))
                elif why := said.misses(self._held({label: record})):
                    amiss.append(why)
                elif record not in kept.values():
                    kept[label] = record
                    out += f"[{self.handle(record.id)}]"
            return mark[1] + out if out else ""

        shown = MARK.sub(show, raw)
        text = " ".join(bare.split()).lstrip("-*•# ")
        if not kept and (not re.search(r"\w", text) or text.endswith((":", "?"))):
            return shown, None  # a heading, a question back
        handles = tuple(self.handle(record.id) for record in kept.values())
        if not kept:
            return shown, Claim(text, (), "unsupported", _joined(amiss) or "nothing is cited")
        verdict, why = said.verdict(self._held(kept))
        why = _joined([*amiss, why]) if verdict != "verified" else ""
        return shown, Claim(text, handles, verdict, why)

    def _held(self, kept: Mapping[str, Evidence]) -> Held:
        return Held(kept, self._titles, self._measured)

    def _missing(self, label: str) -> str:
        """Why a label cannot be cited at all."""
        id = self._id(label)
        if id is None:
            return f"no evidence [{label}] was retrieved"
        gone = self._records.get(id) is None
        return f"[{label}] {'is gone, with its video' if gone else 'is of another video'}"


def _joined(reasons: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(reasons))
