"""Texts on a line: the cosine of "0" and "37" is that of 37 degrees."""

import math

import numpy as np


class Degrees:
    """Encodes the number at the end of a text as a direction in the plane, and remembers what it was asked for."""

    def __init__(self):
        self.calls: list[tuple[list[str], int, bool]] = []

    def encode(self, texts: list[str], *, batch_size: int = 64, show_progress: bool = False) -> np.ndarray:
        self.calls.append((list(texts), batch_size, show_progress))
        angles = [math.radians(float(text.split()[-1])) for text in texts]
        return np.array([[math.cos(angle), math.sin(angle)] for angle in angles], np.float32) * 3


def cosine(degrees: float) -> float:
    return math.cos(math.radians(degrees))
