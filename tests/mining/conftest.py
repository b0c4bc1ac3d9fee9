from collections.abc import Callable, Sequence

import pandas as pd
import pytest

from tfsiamese.pairs import Triplets

Rows = Callable[..., Triplets]


@pytest.fixture
def rows() -> Rows:
    """Makes examples of (anchor, positive) and, where given, the group of each."""

    def make(pairs: Sequence[tuple[str, str]], groups: Sequence[str] | None = None) -> Triplets:
        frame = pd.DataFrame(pairs, columns=["anchor", "positive"])
        return Triplets.from_frame(frame if groups is None else frame.assign(group=list(groups)), source="rows")

    return make
