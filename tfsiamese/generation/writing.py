"""Chunks -> written pairs, by a service or without one."""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.quality import language_name
from tfsiamese.generation.runs import (
    AnswerStore,
    Asker,
    AskingProgress,
    Budget,
    Crew,
    Outcome,
    Pace,
    Question,
    Spending,
    StoredAnswer,
    estimated_input_tokens,
    estimated_output_tokens,
    request_key,
)
from tfsiamese.generation.settings import GenerationSettings
from tfsiamese.generation.tasks import Prompt, Task, WrittenPair, answer_schema, read_answer
from tfsiamese.generation.unused import Unused, unused_chunk
from tfsiamese.generation.writers import Request, Writer
from tfsiamese.generation.writers.extractive import count_headings, extract_pair

__all__ = ["Estimate", "ServiceWork", "Written", "extracted"]


@dataclass
class Written:
    """What was written.

    Attributes:
        pairs: in the order of the chunks.
        unused: chunks without a pair, and items of answers that are none.
        spending: of all runs with the store so far.
        num_reused: chunks whose answer an earlier run had stored.
    """

    pairs: list[WrittenPair] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    spending: Spending = field(default_factory=Spending)
    num_reused: int = 0


@dataclass(frozen=True)
class Estimate:
    """What a run would cost.

    Attributes:
        num_documents: documents that could be read.
        num_unreadable: files that could not.
        num_chunks: chunks to write about.
        num_stored: chunks whose answer is stored already.
        requests: to be sent, if none has to be sent again.
        input_tokens: of those requests, by the length of their texts.
        output_tokens: of answers with all pairs that are asked for; a model that thinks spends more.
    """

    num_documents: int
    num_unreadable: int
    num_chunks: int
    num_stored: int
    requests: int
    input_tokens: int
    output_tokens: int


def extracted(chunks: Sequence[Chunk]) -> Written:
    """Pairs without a language model: a heading and its section, or a first sentence and what follows it."""
    written = Written()
    counts = count_headings(chunks)
    for chunk in chunks:
        pair = extract_pair(chunk, counts)
        if isinstance(pair, str):
            written.unused.append(unused_chunk(chunk, "nothing to extract", pair))
        else:
            written.pairs.append(pair)
    return written


class ServiceWork:
    """What is to be asked of a service about chunks.

    Args:
        chunks: no two with the same text.
        writer_name: of the writer that is asked.
        task: what for.
        prompt: how.
        settings: number of pairs, language, sampling, limits.
    """

    def __init__(
        self, chunks: Sequence[Chunk], writer_name: str, task: Task, prompt: Prompt, settings: GenerationSettings
    ):
        self._chunks = chunks
        self._task = task
        self._settings = settings
        language = None if settings.language is None else language_name(settings.language)
        schema = answer_schema(task)
        self._questions = []
        for chunk in chunks:
            instructions, message = prompt.filled_in(chunk, settings.num_pairs, language)
            request = Request(instructions, message, schema, settings.temperature, settings.max_output_tokens)
            self._questions.append(self._question(chunk, request, writer_name))

    def _question(self, chunk: Chunk, request: Request, writer_name: str) -> Question:
        tokens = estimated_input_tokens(request) + estimated_output_tokens(self._task, self._settings.num_pairs)
        return Question(
            request_key(writer_name, request), request, tokens, lambda text: read_answer(text, self._task, chunk)
        )

    def estimate(self, store: AnswerStore, num_documents: int, num_unreadable: int) -> Estimate:
        """What asking all that the store does not answer would cost."""
        left = [question for question in self._questions if store.find(question.key) is None]
        return Estimate(
            num_documents,
            num_unreadable,
            len(self._chunks),
            len(self._chunks) - len(left),
            len(left),
            sum(estimated_input_tokens(question.request) for question in left),
            len(left) * estimated_output_tokens(self._task, self._settings.num_pairs),
        )

    def done_by(self, writer: Writer, store_path: str | os.PathLike[str], show_progress: bool) -> Written:
        """Asks all that the store does not answer, and reads all answers.

        Raises:
            GenerationError: the service takes no request, or one after the other fails, or an answer cannot be stored.
        """
        with AnswerStore(store_path) as store:
            stored = [store.find(question.key) for question in self._questions]
            outcomes = [Outcome(answer) for answer in stored]
            self._ask(writer, store, outcomes, show_progress)
            written = Written(spending=store.spending(), num_reused=len(stored) - stored.count(None))
        for chunk, outcome in zip(self._chunks, outcomes, strict=True):
            self._take(chunk, outcome, written)
        return written

    def _ask(self, writer: Writer, store: AnswerStore, outcomes: list[Outcome], show_progress: bool) -> None:
        """Puts the outcomes of open questions in their places."""
        limits, spent = self._settings.limits, store.spending()
        stop = threading.Event()
        asker = Asker(
            writer,
            store,
            pace=Pace(limits.requests_per_minute, limits.tokens_per_minute),
            budget=Budget(limits.max_requests, limits.max_tokens, spent.requests, spent.tokens),
            max_attempts=limits.max_attempts,
            stop=stop,
        )
        places = [place for place, outcome in enumerate(outcomes) if outcome.answer is None]
        with AskingProgress(len(places), show_progress) as progress:

            def take(index: int, outcome: Outcome) -> None:
                outcomes[places[index]] = outcome
                progress.update(outcome.is_failure, asker.num_retries)

            crew = Crew(asker, min(limits.concurrency, len(places)), stop)
            crew.ask_all((self._questions[place] for place in places), take)

    def _take(self, chunk: Chunk, outcome: Outcome, written: Written) -> None:
        answer: StoredAnswer | None = outcome.answer
        if answer is None:
            written.unused.append(unused_chunk(chunk, "failed" if outcome.is_failure else "not asked", outcome.reason))
        elif answer.is_refusal:
            written.unused.append(unused_chunk(chunk, "refused", answer.text))
        else:
            pairs, problems = read_answer(answer.text, self._task, chunk)
            written.pairs += pairs
            written.unused += [unused_chunk(chunk, "broken item", problem) for problem in problems]
            if not pairs:
                written.unused.append(unused_chunk(chunk, "nothing to write about"))
