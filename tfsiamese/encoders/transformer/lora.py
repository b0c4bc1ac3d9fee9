"""Low-rank adapters: small trainable factors beside frozen kernels.

Reference: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", arXiv:2106.09685.
"""

import fnmatch
import math
import numbers
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tfsiamese.errors import SettingsError

__all__ = ["DOWN", "UP", "LoraSettings"]

DOWN, UP = "lora_down", "lora_up"


@dataclass(frozen=True)
class LoraSettings:
    """How kernels are adapted: kernel + alpha / rank · down · up, of which only the factors are trained.

    Attributes:
        rank: columns of `down` and rows of `up`.
        alpha: the weight of the product; twice the rank where it is None.
        targets: shell patterns over the names of dense layers below "layers/<n>/": "attention/projection" (queries,
            keys and values together), "attention/output", "feed_forward/inner" and "feed_forward/outer".
        seed: of the first values of `down`; `up` begins with zeros, so that nothing changes before training.
    """

    rank: int = 8
    alpha: float | None = None
    targets: tuple[str, ...] = ("attention/*",)
    seed: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.rank, numbers.Integral) or isinstance(self.rank, bool) or self.rank < 1:
            raise SettingsError(f"Expected a positive whole number as rank of LoRA. Received: {self.rank!r}.")
        if self.alpha is not None and not (
            isinstance(self.alpha, numbers.Real) and math.isfinite(self.alpha) and self.alpha > 0
        ):
            raise SettingsError(f"Expected a positive number as alpha of LoRA. Received: {self.alpha!r}.")
        if isinstance(self.targets, str) or not self.targets:
            raise SettingsError(f"Expected a list of patterns as targets of LoRA. Received: {self.targets!r}.")

    @property
    def scale(self) -> float:
        """What the product of the factors is multiplied by."""
        return (2.0 * self.rank if self.alpha is None else float(self.alpha)) / self.rank

    def factors(self, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The first values of the factors, by name, for the kernels that the targets match.

        Raises:
            SettingsError: a target matches no kernel.
        """
        kernels: dict[str, list[str]] = {}
        for name in _kernels(arrays):
            kernels.setdefault(name.split("/", 2)[2].removesuffix("/kernel"), []).append(name)
        for target in self.targets:
            if not fnmatch.filter(kernels, target):
                raise SettingsError(
                    f"The target {target!r} of LoRA matches no dense layer. Expected a pattern over: "
                    f"{', '.join(kernels)}."
                )
        generator = np.random.default_rng(self.seed)
        factors: dict[str, np.ndarray] = {}
        for layer, names in kernels.items():
            if any(fnmatch.fnmatchcase(layer, target) for target in self.targets):
                for name in names:
                    factors |= self._factors_of(name.removesuffix("/kernel"), arrays[name].shape, generator)
        return factors

    def _factors_of(self, name: str, shape: tuple[int, ...], generator: np.random.Generator) -> dict[str, np.ndarray]:
        inputs, outputs = shape
        bound = 1.0 / math.sqrt(inputs)
        down = generator.uniform(-bound, bound, (inputs, self.rank)).astype(np.float32)
        return {f"{name}/{DOWN}": down, f"{name}/{UP}": np.zeros((self.rank, outputs), np.float32)}


def _kernels(arrays: Iterable[str]) -> list[str]:
    return [name for name in arrays if name.startswith("layers/") and name.endswith("/kernel")]
