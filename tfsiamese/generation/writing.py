"""Chunks -> written pairs, by a service or without one."""

import os
import random
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
from tfsiamese.generation.tasks import BrokenAnswerError, Prompt, Task, WrittenPair, answer_schema, read_answer
from tfsiamese.generation.unused import Unused, unused_chunk, unused_item
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
        stopped_by: why not all chunks were asked about; "" where all were.
    """

    pairs: list[WrittenPair] = field(default_factory=list)
    unused: list[Unused] = field(default_factory=list)
    spending: Spending = field(default_factory=Spending)
    num_reused: int = 0
    stopped_by: str = ""


@dataclass(frozen=True)
class Estimate:
    """What a run would cost.

    Attributes:
        num_documents: documents that could be read.
        num_unreadable: files that could not.
        num_chunks: chunks to write about.
        num_stored: chunks whose answer is stored already.
        requests: to be sent, if none has to be sent again; without regard to budgets.
        input_tokens: of those requests, by the length of their texts.
        output_tokens: of answers with all pairs that are asked for; a model that thinks spends more.
        spending: of all runs with the store so far, which budgets count.
    """

    num_documents: int
    num_unreadable: int
    num_chunks: int
    num_stored: int
    requests: int
    input_tokens: int
    output_tokens: int
    spending: Spending = field(default_factory=Spending)


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
        temperature = None if settings.temperature is None else float(settings.temperature)
        limit = None if settings.max_output_tokens is None else int(settings.max_output_tokens)
        self._questions = []
        for chunk in chunks:
            instructions, message = prompt.filled_in(chunk, settings.num_pairs, language)
            request = Request(instructions, message, schema, temperature, limit)
            self._questions.append(self._question(chunk, request, writer_name))

    def _question(self, chunk: Chunk, request: Request, writer_name: str) -> Question:
        tokens = estimated_input_tokens(request) + self._output_tokens()
        return Question(request_key(writer_name, request), request, tokens, lambda text: self._read(text, chunk))

    def _read(self, text: str, chunk: Chunk) -> tuple[list[WrittenPair], list[str]]:
        return read_answer(text, self._task, chunk, self._settings.num_pairs)

    def _stored(self, store: AnswerStore) -> list[StoredAnswer | None]:
        """The answers that are there and can be used."""
        return [_usable(store.find(question.key), question) for question in self._questions]

    def _output_tokens(self) -> int:
        limit = self._settings.max_output_tokens
        tokens = estimated_output_tokens(self._task, self._settings.num_pairs)
        return tokens if limit is None else min(tokens, limit)

    def estimate(self, store: AnswerStore, num_documents: int, num_unreadable: int) -> Estimate:
        """What asking all that the store does not answer would cost."""
        stored = self._stored(store)
        left = [question for question, answer in zip(self._questions, stored, strict=True) if answer is None]
        return Estimate(
            num_documents,
            num_unreadable,
            len(self._chunks),
            len(self._chunks) - len(left),
            len(left),
            sum(estimated_input_tokens(question.request) for question in left),
            len(left) * self._output_tokens(),
            store.spending(),
        )

    def done_by(self, writer: Writer, store_path: str | os.PathLike[str], show_progress: bool) -> Written:
        """Asks all that the store does not answer, in an order of chance, and reads all answers.

        Raises:
            DataError: the store is damaged.
            GenerationError: the service takes no request, or an answer cannot be stored.
        """
        with AnswerStore(store_path) as store:
            stored = self._stored(store)
            outcomes = [Outcome(answer) for answer in stored]
            stopped_by = self._ask(writer, store, outcomes, show_progress)
            num_reused = len(stored) - stored.count(None)
            written = Written(spending=store.spending(), num_reused=num_reused, stopped_by=stopped_by)
        for chunk, outcome in zip(self._chunks, outcomes, strict=True):
            self._take(chunk, outcome, written)
        return written

    def _ask(self, writer: Writer, store: AnswerStore, outcomes: list[Outcome], show_progress: bool) -> str:
        """Puts the outcomes of open questions in their places; says why some of them were not asked."""
        limits, spent = self._settings.limits, store.spending()
        budget = Budget(limits.max_requests, limits.max_tokens, spent.requests, spent.tokens)
        pace = Pace(limits.requests_per_minute, limits.tokens_per_minute)
        stop = threading.Event()
        asker = Asker(writer, store, pace=pace, budget=budget, max_attempts=limits.max_attempts, stop=stop)
        places = [place for place, outcome in enumerate(outcomes) if outcome.answer is None]
        # Where a budget ends before the chunks do, those that were asked are a sample of all documents.
        random.Random(self._settings.seed).shuffle(places)
        with AskingProgress(len(places), show_progress) as progress:

            def take(index: int, outcome: Outcome) -> None:
                outcomes[places[index]] = outcome
                progress.update(outcome.is_failure, asker.num_retries)

            crew = Crew(asker, min(limits.concurrency, len(places)), stop, has_succeeded=len(places) < len(outcomes))
            stopped_by = crew.ask_all((self._questions[place] for place in places), take)
        unasked = [place for place in places if outcomes[place] == Outcome()]
        for place in unasked:
            outcomes[place] = Outcome(reason=stopped_by)
        return stopped_by

    def _take(self, chunk: Chunk, outcome: Outcome, written: Written) -> None:
        answer: StoredAnswer | None = outcome.answer
        if answer is None:
            written.unused.append(unused_chunk(chunk, "failed" if outcome.is_failure else "not asked", outcome.reason))
        elif answer.is_refusal:
            written.unused.append(unused_chunk(chunk, "refused", answer.text))
        else:
            pairs, problems = self._read(answer.text, chunk)
            written.pairs += pairs
            written.unused += [unused_item(chunk, problem) for problem in problems]
            if not pairs:
                written.unused.append(unused_chunk(chunk, "nothing to write about"))


def _usable(answer: StoredAnswer | None, question: Question) -> StoredAnswer | None:
    if answer is None or answer.is_refusal:
        return answer
    try:
        question.check(answer.text)
    except BrokenAnswerError:
        return None
    return answer
