"""What mining found, in the shapes that training takes."""

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import Pairs, Triplets

__all__ = ["OUTPUTS", "MinedNegatives"]

OUTPUTS = ("triplets", "triplet", "pairs")


@dataclass(frozen=True, eq=False)
class MinedNegatives:
    """The rows of the examples with mined negatives, and how many anchors got too few.

    Attributes:
        triplets: each row with the negatives of its anchor, none to `num_negatives`; with the teacher's scores of the
            positive and of each negative where there was an encoder, and the groups where there were some.
        num_anchors: distinct anchors.
        num_short: anchors with fewer negatives than asked for, those without any among them.
        num_without: anchors without any negative.
    """

    triplets: Triplets
    num_anchors: int
    num_short: int
    num_without: int

    def __repr__(self) -> str:
        return f"<MinedNegatives: {self.triplets.num_negatives:,} in {len(self.triplets):,} rows, {self.report()}>"

    def report(self) -> str:
        """A sentence for a person: which anchors got too few."""
        return (
            f"of {self.num_anchors:,} anchors {self.num_short:,} got fewer negatives than asked for, "
            f"{self.num_without:,} of them none"
        )

    def one_negative_a_row(self) -> Triplets:
        """A row for each negative: anchor, positive, negative. Rows without negatives are left out.

        Raises:
            DataError: there are no negatives at all.
        """
        frame = self._kept(self.triplets.frame)
        frame = frame[frame["negatives"].map(len) > 0]
        if not len(frame):
            raise DataError(self._nothing())
        counts = frame["negatives"].map(len)
        rows = frame.loc[frame.index.repeat(counts)].reset_index(drop=True)
        rows["negatives"] = [(text,) for texts in frame["negatives"] for text in texts]
        if "scores" in frame:
            rows["scores"] = [(scores[0], score) for scores in frame["scores"] for score in scores[1:]]
        return Triplets.from_frame(rows, source=self.triplets.source)

    def pairs(self) -> Pairs:
        """Pairs of anchor and text: each positive with score 1, each negative with score 0, no pair twice."""
        pairs = dict(self._scored_pairs())
        frame = pd.DataFrame([(*texts, score) for texts, score in pairs.items()], columns=["left", "right", "score"])
        return Pairs.from_frame(frame, source=self.triplets.source)

    def output(self, name: str) -> Triplets | Pairs:
        """The shape of that name: "triplets" (all negatives in a row), "triplet" (one in a row) or "pairs".

        Raises:
            DataError: "triplet" was asked for, and there are no negatives.
            SettingsError: there is no shape of that name.
        """
        if name not in OUTPUTS:
            raise SettingsError(f"Unknown output {name!r}. Expected one of {', '.join(OUTPUTS)}.")
        if name == "triplets":
            return self.triplets
        return self.pairs() if name == "pairs" else self.one_negative_a_row()

    def _scored_pairs(self) -> Iterator[tuple[tuple[str, str], float]]:
        rows = self.triplets
        for anchor, positive, negatives in zip(rows.anchors, rows.positives, rows.negatives, strict=True):
            yield (anchor, positive), 1.0
            for negative in negatives:
                yield (anchor, negative), 0.0

    def _kept(self, frame: pd.DataFrame) -> pd.DataFrame:
        return frame[[name for name in ("anchor", "positive", "negatives", "scores", "group") if name in frame]]

    def _nothing(self) -> str:
        return (
            f"{self.triplets.source}: no anchor got a negative. Expected some: give a larger corpus, raise "
            "range_max, or loosen scores and margins."
        )
