"""Fine-tune text encoders on pairs of texts in TensorFlow and Keras 3, measure what was gained, export to serving.

Names are imported when they are first used, so that importing the package is quick and has no side effect.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tfsiamese import errors

if TYPE_CHECKING:
    from tfsiamese.encoders import Encoder, load_encoder
    from tfsiamese.evaluation import (
        EvaluatorSequence,
        PairEvaluator,
        StsEvaluator,
        evaluate_pairs,
        evaluate_sts,
        fetch_data,
    )
    from tfsiamese.export import export_saved_model
    from tfsiamese.pairs import Pairs, read_pairs
    from tfsiamese.plots import (
        plot_score_scatter,
        plot_similarity_matrices,
        plot_similarity_matrix,
        plot_training_curves,
        save_figure,
    )
    from tfsiamese.siamese import Siamese
    from tfsiamese.training import RowSparseAdam, fit

__all__ = [
    "Encoder",
    "EvaluatorSequence",
    "PairEvaluator",
    "Pairs",
    "RowSparseAdam",
    "Siamese",
    "StsEvaluator",
    "errors",
    "evaluate_pairs",
    "evaluate_sts",
    "export_saved_model",
    "fetch_data",
    "fit",
    "load_encoder",
    "plot_score_scatter",
    "plot_similarity_matrices",
    "plot_similarity_matrix",
    "plot_training_curves",
    "read_pairs",
    "save_figure",
]

_ROOMS = {
    "encoders": ("Encoder", "load_encoder"),
    "evaluation": (
        "EvaluatorSequence",
        "PairEvaluator",
        "StsEvaluator",
        "evaluate_pairs",
        "evaluate_sts",
        "fetch_data",
    ),
    "export": ("export_saved_model",),
    "pairs": ("Pairs", "read_pairs"),
    "plots": (
        "plot_score_scatter",
        "plot_similarity_matrices",
        "plot_similarity_matrix",
        "plot_training_curves",
        "save_figure",
    ),
    "siamese": ("Siamese",),
    "training": ("RowSparseAdam", "fit"),
}
_ROOM_OF_NAME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOM_OF_NAME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
