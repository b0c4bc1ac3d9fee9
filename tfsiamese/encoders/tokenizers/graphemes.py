"""Which characters belong with their neighbour: the part of Unicode's grapheme clusters that normalization looks at.

Reference: Unicode Standard Annex 29, rules GB3, GB4, GB5, GB9, GB9a, GB9b and GB11.
"""

import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import characters_in
from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable
from tfsiamese.encoders.tokenizers.code_points import CodePoints, before, starts_of_rows
from tfsiamese.encoders.tokenizers.flat_characters import first_of_runs

__all__ = ["GraphemeStarts"]

_KINDS = {"apart": 1, "extending": 2, "prepending": 3, "pictograph": 4}
_JOINER = 0x200D


class GraphemeStarts(tf.Module):
    """Whether a character begins a grapheme cluster.

    Conjoining Hangul and flags are not put together: they have more bytes than normalization looks at. In front of a
    ZWJ a spacing mark counts as any other mark, which Unicode does not say.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kinds = CodePointTable.of_sets({kind: characters_in(name) for name, kind in _KINDS.items()})

    def __call__(self, codes: CodePoints) -> tf.Tensor:
        """[num_codes] code points -> bool [num_codes]."""
        kinds = self._kinds(codes.values)
        kinds_before = before(kinds, _KINDS["apart"])
        joined = (kinds == _KINDS["extending"]) & (kinds_before != _KINDS["apart"])
        joined |= (kinds_before == _KINDS["prepending"]) & (kinds != _KINDS["apart"])
        joined |= (codes.values == ord("\n")) & (before(codes.values, 0) == ord("\r"))
        rows = starts_of_rows(codes)
        joiners = codes.values == _JOINER
        base = tf.gather(kinds, first_of_runs(rows | joiners | (kinds != _KINDS["extending"])))
        joiners &= ~rows & (before(base, 0) == _KINDS["pictograph"])
        return rows | ~(joined | (before(joiners, False) & (kinds == _KINDS["pictograph"])))
