"""Documents -> pairs."""

from tfsiamese.generation.chunks import Chunk, ChunkSettings, chunk_document
from tfsiamese.generation.documents import Document, UnreadableFile, read_documents
from tfsiamese.generation.generating import EXTRACTIVE, estimate_generation, generate_pairs
from tfsiamese.generation.quality import FilterSettings
from tfsiamese.generation.report import GenerationResult, describe_spending
from tfsiamese.generation.runs import RequestLimits
from tfsiamese.generation.settings import GenerationSettings
from tfsiamese.generation.tasks import TASKS, default_prompt, get_task
from tfsiamese.generation.unused import Unused
from tfsiamese.generation.writers import Writer, make_writer
from tfsiamese.generation.writing import Estimate

__all__ = [
    "EXTRACTIVE",
    "TASKS",
    "Chunk",
    "ChunkSettings",
    "Document",
    "Estimate",
    "FilterSettings",
    "GenerationResult",
    "GenerationSettings",
    "RequestLimits",
    "UnreadableFile",
    "Unused",
    "Writer",
    "chunk_document",
    "default_prompt",
    "describe_spending",
    "estimate_generation",
    "generate_pairs",
    "get_task",
    "make_writer",
    "read_documents",
]
