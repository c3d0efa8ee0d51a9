"""One browser for the tests of a file."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.ui.browser import launched


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    with launched() as started:
        yield started
