"""Dynamic loss scaling: gradients of float16 without those that are too small for it lost.

Reference: Micikevicius et al., "Mixed Precision Training", arXiv:1710.03740.
"""

from dataclasses import dataclass

__all__ = ["LossScale"]

_LEAST = 2.0**-10
_MOST = 2.0**24


@dataclass
class LossScale:
    """What the loss is multiplied with before its gradient is taken, and the gradient divided by after.

    A batch whose gradient is not finite is computed again with half of it; so none is lost. After `growth_steps` good
    ones in a row it doubles.

    Attributes:
        value: the factor, from 2⁻¹⁰ to 2²⁴.
        good_steps: batches since it last changed.
        growth_steps: good batches after which it doubles.
    """

    value: float = 2.0**15
    good_steps: int = 0
    growth_steps: int = 2000

    def shrink(self) -> bool:
        """Halves the factor; False where it cannot become smaller, so that the batch itself is at fault."""
        if self.value / 2 < _LEAST:
            return False
        self.value, self.good_steps = self.value / 2, 0
        return True

    def succeed(self) -> None:
        """Counts a good step."""
        self.good_steps += 1
        if self.good_steps >= self.growth_steps:
            self.value, self.good_steps = min(self.value * 2, _MOST), 0
