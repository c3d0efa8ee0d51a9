"""A cut-off that carries over between providers: a query against what else could be said.

Raw scores of CLIP and its kin lie in a narrow band whose place depends on the model and on the
picture: some pictures are near every text (hubs). So the query is compared with everyday captions
on the same picture, as query banks do (Bogolin et al. 2022, "Cross Modal Retrieval with
Querybank Normalisation"): its margin is counted in spreads above their median. Median and spread
of the lower half do not move when a few of the captions are true of the picture.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.embed import Embedder, Floats

BASE = 1.0
"""Spreads that a text must stand above what the best of so many draws reaches by chance."""
ALIKE = 0.5
"""The likeness of two pictures from which on one is more of the other."""
CONTRAST = 0.1
"""How much less alike, at least, pictures of two scenes are than those of one."""
UNRELATED, SCENES = 0.6, 12
"""The cosine that two pictures usually have at most, in CLIP and its kin; from how many scenes on
it is measured instead."""

DISTRACTORS = (
    "a dog", "a cat", "a horse in a field", "a bird on a branch", "a fish in water", "an insect",
    "a cow", "an elephant", "a snake", "a butterfly", "a man", "a woman", "a child",
    "a baby", "a crowd of people", "an old person", "a face", "hands", "a person running",
    "a person cooking", "a person reading", "two people talking", "a dancer", "a soldier",
    "a doctor", "a football match", "a tennis player", "a swimmer", "a car", "a truck",
    "a bus", "a train", "an airplane", "a boat", "a bicycle", "a motorcycle", "a street",
    "a bridge", "a tall building", "a house", "a church", "a shop", "a kitchen",
    "a bedroom", "a bathroom", "an office", "a classroom", "a stage with lights", "a staircase",
    "a mountain", "a forest", "a beach", "a river", "the sea", "a desert", "snow", "a garden",
    "a flower", "a tree", "clouds in the sky", "a sunset", "the night sky", "rain", "fire",
    "a plate of food", "a cake", "fruit", "a cup of coffee", "a bottle", "a glass of wine",
    "a table", "a chair", "a sofa", "a bed", "a lamp", "a clock", "a book", "a newspaper",
    "a telephone", "a computer", "a television", "a camera", "a guitar", "a piano", "a toy",
    "a ball", "a hat", "shoes", "a dress", "a bag", "a knife", "a tool", "a machine",
    "a map", "a chart", "a painting", "a cartoon", "a page of text", "a logo", "a pattern",
)  # fmt: skip
"""Short captions of everyday things; one that is true of a picture does no harm."""


@lru_cache(1)  # of an embedder that was replaced nothing is held
def distractors(embedder: Embedder) -> Floats:
    """One row per distractor, embedded once by each embedder."""
    return embedder.texts(DISTRACTORS)


def direction(query: Floats, others: Floats) -> Floats:
    """What a text says that others do not: the gap between texts and pictures is in both."""
    return query - others.mean(axis=0)


def margins(pictures: Floats, queries: Floats, others: Floats) -> Floats:
    """How far each query (a column) stands out on each picture (a row), in spreads of others."""
    import numpy as np

    usual = np.sort(pictures @ others.T, axis=1)
    middle, low = (usual[:, round(share * (len(others) - 1))] for share in (0.5, 0.16))
    spread = np.maximum(middle - low, 1e-6)
    return ((pictures @ queries.T - middle[:, None]) / spread[:, None]).astype(np.float32)


def cut(draws: int) -> float:
    """The margin from which on the best of so many scenes, or labels, is no accident.

    The largest of n normal draws lies near sqrt(2 ln n).
    """
    return BASE + math.sqrt(2 * math.log(max(draws, 2)))


def scores(margins: Floats, draws: int) -> Floats:
    """Margins as what people see, 0 to 1: 0 is any other text, 0.5 the cut-off."""
    import numpy as np

    above = np.maximum(margins, 0)
    return (above / (above + cut(draws))).astype(np.float32)


def unrelated(cosines: Floats, many: bool) -> float:
    """The usual cosine of a picture and what has nothing to do with it, of all it has in a library.

    Most scenes may look like it, so this is the median of the normal distribution that the lowest
    quarter belongs to. All of them may if they are not many (SCENES): then it is UNRELATED at most.
    """
    import numpy as np

    lowest, low = np.quantile(cosines, (0.05, 0.25)).tolist()
    middle = low + (low - lowest) * 0.674 / (1.645 - 0.674)
    return middle if many else min(middle, UNRELATED)


def likeness(pictures: Floats, query: Floats, across: float, within: float) -> Floats:
    """How alike pictures are to one, 0 to 1: 1 as frames of one scene, 0 as those of any two.

    across is the usual cosine of the query and other scenes, within that of frames of one scene.
    """
    import numpy as np

    across = min(across, within - CONTRAST)
    shares = (pictures @ query - across) / (within - across)
    return np.clip(shares, 0, 1).astype(np.float32)
