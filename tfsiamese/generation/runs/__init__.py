"""Asks a writer about many chunks: stored, resumed, paced, tried again, and held within a budget."""

from tfsiamese.generation.runs.answer_store import AnswerStore, Spending, StoredAnswer, request_key
from tfsiamese.generation.runs.asking import Asker, Outcome, Question
from tfsiamese.generation.runs.budget import Budget
from tfsiamese.generation.runs.crew import Crew
from tfsiamese.generation.runs.estimate import estimated_input_tokens, estimated_output_tokens
from tfsiamese.generation.runs.limits import RequestLimits
from tfsiamese.generation.runs.pacing import Pace
from tfsiamese.generation.runs.progress import AskingProgress

__all__ = [
    "AnswerStore",
    "Asker",
    "AskingProgress",
    "Budget",
    "Crew",
    "Outcome",
    "Pace",
    "Question",
    "RequestLimits",
    "Spending",
    "StoredAnswer",
    "estimated_input_tokens",
    "estimated_output_tokens",
    "request_key",
]
