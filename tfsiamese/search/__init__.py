"""Nearest vectors: exact top-k, search over texts, near-duplicates, quantized vectors. NumPy only."""

from tfsiamese.search.encoding import TextVectors, encode_texts
from tfsiamese.search.paraphrase_mining import paraphrase_mining
from tfsiamese.search.prompts import Prompts, chosen_prompts, retrieval_prompts
from tfsiamese.search.quantization import QuantizedEmbeddings, Quantizer, quantize_embeddings, truncate_embeddings
from tfsiamese.search.quantized_index import QuantizedIndex
from tfsiamese.search.semantic_search import Hit, semantic_search
from tfsiamese.search.text_vectors import TextEncoder
from tfsiamese.search.top_k import TopK, top_k

__all__ = [
    "Hit",
    "Prompts",
    "QuantizedEmbeddings",
    "QuantizedIndex",
    "Quantizer",
    "TextEncoder",
    "TextVectors",
    "TopK",
    "chosen_prompts",
    "encode_texts",
    "paraphrase_mining",
    "quantize_embeddings",
    "retrieval_prompts",
    "semantic_search",
    "top_k",
    "truncate_embeddings",
]
