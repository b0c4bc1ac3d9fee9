"""Names what a run spent its time on, and what to do about it."""

from collections.abc import Mapping

from tfsiamese.training.trace_reading import (
    COLLECTIVES,
    ELEMENTS,
    EMBEDDINGS,
    MATRICES,
    MOVES,
    OTHER,
    STRINGS,
    UPDATES,
)

__all__ = ["describe_bottleneck"]

_MUCH_WAITING = 0.2
_HALF = 0.5

_ADVICE = {
    STRINGS: "shorter texts, or more processor cores, are what may help",
    EMBEDDINGS: "fewer distinct texts a batch, or a frozen embedding table, may help",
    MATRICES: "the processor does what it is best at; larger batches will hardly help, --mixed-precision may",
    ELEMENTS: "the memory sets the pace; --mixed-precision halves what is moved, larger batches will hardly help",
    MOVES: "the memory sets the pace; --mixed-precision halves what is moved, larger batches will hardly help",
    UPDATES: "a larger --batch-size or --gradient-accumulation-steps updates the weights less often",
    COLLECTIVES: "a larger --batch-size or --gradient-accumulation-steps exchanges gradients less often",
    OTHER: "TensorBoard's profile of the trace names them",
}


def describe_bottleneck(
    shares: Mapping[str, float], operations: Mapping[str, float] | None = None, busy: float | None = None
) -> str:
    """One sentence.

    Args:
        shares: of the run's time, in all 1: "computing", "waiting_for_input", "first_step", "rest".
        operations: of the time of all operations in a traced step, by kind; None where there is no trace.
        busy: the share of a traced step in which any operation ran; None where there is no trace.
    """
    waiting, rest = shares["waiting_for_input"], shares["rest"]
    if shares["first_step"] > _HALF:
        first = _percent(shares["first_step"])
        return f"{first} of the time was the first step, which compiles: a longer run tells more"
    if waiting >= _MUCH_WAITING and waiting > rest:
        return (
            f"{_percent(waiting)} of the time training waited for input: reading the examples is the bottleneck; keep "
            "them as Parquet, or on a faster disk"
        )
    if rest > _HALF:
        return (
            f"{_percent(rest)} of the time went to evaluation, checkpoints and callbacks: evaluate on fewer texts, or "
            "raise --checkpoint-seconds"
        )
    steps = f"{_percent(shares['computing'])} of the time was spent on steps"
    if not operations or busy is None:
        return f"{steps}; there is no trace that says on what in them"
    if busy < _HALF:
        return (
            f"{steps}, and no operation ran in {_percent(1 - busy)} of a step: starting operations costs more than "
            "they do; a larger --batch-size gives each more to do"
        )
    kind, share = max(operations.items(), key=lambda item: item[1])
    return f"{steps}, and {_percent(share)} of a step's operations are {kind}: {_ADVICE[kind]}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
