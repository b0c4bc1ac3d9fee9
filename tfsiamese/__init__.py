"""Fine-tune text encoders on pairs of texts in TensorFlow and Keras 3, measure what was gained, export to serving.

Names are imported when they are first used, so that importing the package is quick and has no side effect.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tfsiamese import errors

if TYPE_CHECKING:
    from tfsiamese.encoders import (
        CheckpointOptions,
        Encoder,
        LoraSettings,
        load_encoder,
    )
    from tfsiamese.encoding import (
        EncodingSettings,
        StoredVectors,
        encode_files,
        open_vectors,
    )
    from tfsiamese.evaluation import (
        EvaluatorSequence,
        PairEvaluator,
        ParaphraseMiningEvaluator,
        RerankingEvaluator,
        RetrievalData,
        RetrievalEvaluator,
        StsEvaluator,
        TripletEvaluator,
        evaluate_pairs,
        evaluate_paraphrase_mining,
        evaluate_reranking,
        evaluate_retrieval,
        evaluate_sts,
        evaluate_triplets,
        fetch_data,
        read_retrieval,
    )
    from tfsiamese.export import (
        Corpus,
        ExportSettings,
        export_checkpoint,
        export_saved_model,
        label_version,
    )
    from tfsiamese.generation import (
        GenerationSettings,
        estimate_generation,
        generate_pairs,
        make_writer,
    )
    from tfsiamese.losses import (
        Loss,
        MatryoshkaLoss,
        get_loss,
    )
    from tfsiamese.mining import (
        MiningSettings,
        mine_hard_negatives,
    )
    from tfsiamese.pairs import (
        LabelledTexts,
        Pairs,
        StoredExamples,
        Triplets,
        read_examples,
        read_pairs,
        stream_examples,
        write_examples,
    )
    from tfsiamese.plots import (
        plot_score_scatter,
        plot_similarity_matrices,
        plot_similarity_matrix,
        plot_training_curves,
        save_figure,
    )
    from tfsiamese.search import (
        QuantizedIndex,
        paraphrase_mining,
        quantize_embeddings,
        semantic_search,
        top_k,
        truncate_embeddings,
    )
    from tfsiamese.serving.client import (
        Client,
    )
    from tfsiamese.siamese import (
        Siamese,
    )
    from tfsiamese.training import (
        Retention,
        RowSparseAdam,
        Stage,
        fit,
        fit_stages,
        make_strategy,
    )

__all__ = [
    "CheckpointOptions",
    "Client",
    "Corpus",
    "Encoder",
    "EncodingSettings",
    "EvaluatorSequence",
    "ExportSettings",
    "GenerationSettings",
    "LabelledTexts",
    "LoraSettings",
    "Loss",
    "MatryoshkaLoss",
    "MiningSettings",
    "PairEvaluator",
    "Pairs",
    "ParaphraseMiningEvaluator",
    "QuantizedIndex",
    "RerankingEvaluator",
    "Retention",
    "RetrievalData",
    "RetrievalEvaluator",
    "RowSparseAdam",
    "Siamese",
    "Stage",
    "StoredExamples",
    "StoredVectors",
    "StsEvaluator",
    "TripletEvaluator",
    "Triplets",
    "encode_files",
    "errors",
    "estimate_generation",
    "evaluate_pairs",
    "evaluate_paraphrase_mining",
    "evaluate_reranking",
    "evaluate_retrieval",
    "evaluate_sts",
    "evaluate_triplets",
    "export_checkpoint",
    "export_saved_model",
    "fetch_data",
    "fit",
    "fit_stages",
    "generate_pairs",
    "get_loss",
    "label_version",
    "load_encoder",
    "make_strategy",
    "make_writer",
    "mine_hard_negatives",
    "open_vectors",
    "paraphrase_mining",
    "plot_score_scatter",
    "plot_similarity_matrices",
    "plot_similarity_matrix",
    "plot_training_curves",
    "quantize_embeddings",
    "read_examples",
    "read_pairs",
    "read_retrieval",
    "save_figure",
    "semantic_search",
    "stream_examples",
    "top_k",
    "truncate_embeddings",
    "write_examples",
]

_ROOMS = {
    "encoders": (
        "CheckpointOptions",
        "Encoder",
        "LoraSettings",
        "load_encoder",
    ),
    "encoding": (
        "EncodingSettings",
        "StoredVectors",
        "encode_files",
        "open_vectors",
    ),
    "evaluation": (
        "EvaluatorSequence",
        "PairEvaluator",
        "ParaphraseMiningEvaluator",
        "RerankingEvaluator",
        "RetrievalData",
        "RetrievalEvaluator",
        "StsEvaluator",
        "TripletEvaluator",
        "evaluate_pairs",
        "evaluate_paraphrase_mining",
        "evaluate_reranking",
        "evaluate_retrieval",
        "evaluate_sts",
        "evaluate_triplets",
        "fetch_data",
        "read_retrieval",
    ),
    "export": (
        "Corpus",
        "ExportSettings",
        "export_checkpoint",
        "export_saved_model",
        "label_version",
    ),
    "generation": (
        "GenerationSettings",
        "estimate_generation",
        "generate_pairs",
        "make_writer",
    ),
    "losses": (
        "Loss",
        "MatryoshkaLoss",
        "get_loss",
    ),
    "mining": (
        "MiningSettings",
        "mine_hard_negatives",
    ),
    "pairs": (
        "LabelledTexts",
        "Pairs",
        "StoredExamples",
        "Triplets",
        "read_examples",
        "read_pairs",
        "stream_examples",
        "write_examples",
    ),
    "plots": (
        "plot_score_scatter",
        "plot_similarity_matrices",
        "plot_similarity_matrix",
        "plot_training_curves",
        "save_figure",
    ),
    "search": (
        "QuantizedIndex",
        "paraphrase_mining",
        "quantize_embeddings",
        "semantic_search",
        "top_k",
        "truncate_embeddings",
    ),
    "serving.client": ("Client",),
    "siamese": ("Siamese",),
    "training": (
        "Retention",
        "RowSparseAdam",
        "Stage",
        "fit",
        "fit_stages",
        "make_strategy",
    ),
}
_ROOM_OF_NAME = {name: room for room, names in _ROOMS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _ROOM_OF_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_ROOM_OF_NAME[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
