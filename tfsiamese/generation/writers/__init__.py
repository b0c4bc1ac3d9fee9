"""Requests -> answers: services that write pairs."""

from tfsiamese.generation.writers.failures import (
    RefusalError,
    RejectedRequestError,
    TemporaryError,
    UnusableAnswerError,
    UnusableWriterError,
    WriterError,
)
from tfsiamese.generation.writers.sources import make_writer, writer_name
from tfsiamese.generation.writers.writer import Answer, Request, Usage, Writer

__all__ = [
    "Answer",
    "RefusalError",
    "RejectedRequestError",
    "Request",
    "TemporaryError",
    "UnusableAnswerError",
    "UnusableWriterError",
    "Usage",
    "Writer",
    "WriterError",
    "make_writer",
    "writer_name",
]
