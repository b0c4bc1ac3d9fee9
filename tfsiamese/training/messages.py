"""What a run says when something went wrong, or nothing was gained."""

import logging
import math
from collections.abc import Mapping
from pathlib import Path

from tfsiamese.encoders import describe_cut_texts
from tfsiamese.errors import TrainingError
from tfsiamese.pairs import AnyExamples
from tfsiamese.pairs.places import places_of
from tfsiamese.pairs.stored_batches import StoredBatches
from tfsiamese.training.plan import TrainingPlan
from tfsiamese.training.run_state import RunState

__all__ = ["bad_batch_error", "describe_all_cut_texts", "warn_if_nothing_was_gained"]

_logger = logging.getLogger(__name__)

_MOST_LINES = 16


def bad_batch_error(plan: TrainingPlan, state: RunState, loss: float, kept: Path | None) -> TrainingError:
    """Names the batch whose loss or gradient is not finite, by file and lines.

    Args:
        plan: holds the batches.
        state: stands before the batch.
        loss: of the batch.
        kept: the run folder that keeps the last good state, if any.
    """
    turn = plan.batches.turns(state.epoch)[state.batch]
    examples = next(task.examples for task in plan.tasks if task.name == turn.name)
    rows = _name_rows(examples, plan.batches.rows(turn, state.epoch).tolist())
    what = f"The loss is {loss}" if not math.isfinite(loss) else "A gradient is not finite"
    where = f" {kept} keeps the last good state." if kept is not None else ""
    return TrainingError(
        f"{what} at epoch {state.epoch + 1}, batch {state.batch + 1}, which holds {rows}."
        f"{where} Expected finite numbers; lower the learning rate or mend these rows."
    )


def describe_all_cut_texts(plan: TrainingPlan) -> dict[str, str]:
    """How many distinct training texts of each data set are longer than the encoder reads, in words; logged too.

    Of stored examples some thousand texts are looked at.
    """
    encoder = plan.model.encoder
    described: dict[str, str] = {}
    if encoder.max_length is None or encoder.num_tokens([""]) is None:
        return described
    for name, batches in plan.batches.parts.items():
        texts = batches.vocabulary
        num_tokens = encoder.num_tokens(texts)
        cut = "" if num_tokens is None else describe_cut_texts(num_tokens, encoder.max_length)
        if cut and isinstance(batches, StoredBatches):
            cut = f"of a sample of {len(texts):,} texts, {cut}"
        if cut:
            described[name] = cut
            _logger.warning("%s: %s", name, cut)
    return described


def warn_if_nothing_was_gained(plan: TrainingPlan, before: Mapping[str, float], after: Mapping[str, float]) -> None:
    """Logs a warning where the monitored metric is not better than before training."""
    monitor = plan.monitor
    if monitor is None or monitor not in after or monitor not in before:
        return
    gain = after[monitor] - before[monitor]
    if (gain if plan.greater_is_better else -gain) <= 0:
        _logger.warning(
            "no epoch was better than the encoder before training: %s was %.5g and is %.5g at best",
            monitor,
            before[monitor],
            after[monitor],
        )


def _name_rows(examples: AnyExamples, rows: list[int]) -> str:
    places = sorted(places_of(examples, rows))
    lines_of = {path: [line for other, line in places if other == path] for path, _ in places}
    return "; ".join(f"{path}, {_lines(lines)}" for path, lines in lines_of.items())


def _lines(lines: list[int]) -> str:
    shown = ", ".join(map(str, lines[:_MOST_LINES])) + (", …" if len(lines) > _MOST_LINES else "")
    return f"line{'s' if len(lines) > 1 else ''} {shown}"
