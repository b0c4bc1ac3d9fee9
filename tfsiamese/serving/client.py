"""A client of TensorFlow Serving's REST API, and of `tfsiamese serve`, which speaks the same."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from tfsiamese.errors import DataError
from tfsiamese.serving.client_address import model_address
from tfsiamese.serving.client_answers import VersionStatus, vector_dimension
from tfsiamese.serving.client_arguments import checked_headers, positive_seconds, prompt_signature, whole_number
from tfsiamese.serving.client_batches import Part, ask_in_batches, joined
from tfsiamese.serving.client_model import RemoteModel
from tfsiamese.serving.client_results import Hits, Similarities
from tfsiamese.serving.client_texts import Row, distinct_rows, valid_texts
from tfsiamese.serving.client_transport import Patience, Transport

__all__ = ["Client", "Hits", "Similarities"]

Answered = TypeVar("Answered")


class Client:
    """Asks an exported model on a server for vectors, similarities and search results.

    It works on TensorFlow Serving and on `tfsiamese serve`, needs neither TensorFlow nor Keras, keeps its connections,
    and may be used by several threads at once. Predictions change nothing on the server, so a request that got no
    answer (no connection, a timeout, 408, 429, 502, 503, 504) is sent again; one that was refused is not.

    Without `version` and `label` the newest version answers each batch. Where a new one may appear during a long call,
    name a version, so that all vectors come from the same one.

    Args:
        url: "http://HOST:8501", or with the model, ".../v1/models/NAME[/versions/N|/labels/L]".
        model: the model's name, where `url` has none.
        version: the number of the version to ask.
        label: the label of the version to ask, such as "stable".
        timeout: seconds that one try may take.
        retries: how often a try that got no answer is repeated.
        deadline: seconds for a batch in all, with every try and the waits between; four times `timeout` by default.
        batch_size: texts a request, at most. TensorFlow Serving refuses more than its max_batch_size.
        connections: requests under way at a time, at most.
        headers: sent with every request, such as {"Authorization": "Bearer …"}.

    Raises:
        SettingsError: an argument cannot be used.

    Example:
        >>> with Client("http://localhost:8501", "jobs") as client:
        ...     client.encode(["data scientist", "machine learning engineer"]).shape
        (2, 512)

    Reference: https://www.tensorflow.org/tfx/serving/api_rest
    """

    def __init__(
        self,
        url: str,
        model: str | None = None,
        *,
        version: int | None = None,
        label: str | None = None,
        timeout: float = 30.0,
        retries: int = 4,
        deadline: float | None = None,
        batch_size: int = 64,
        connections: int = 4,
        headers: Mapping[str, str] | None = None,
    ):
        address = model_address(url, model, version, label)
        seconds = positive_seconds("timeout", timeout)
        in_all = 4 * seconds if deadline is None else positive_seconds("deadline", deadline)
        patience = Patience(seconds, whole_number("retries", retries, least=0), in_all)
        self._batch_size = whole_number("batch_size", batch_size, least=1)
        self._connections = whole_number("connections", connections, least=1)
        self._transport = Transport(self._connections, checked_headers(headers or {}))
        self._model = RemoteModel(address, self._transport, patience)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self._model.address.status_url!r})"

    def close(self) -> None:
        """Closes the connections. A client that is used again opens new ones."""
        self._transport.close()

    def encode(
        self,
        texts: Sequence[str | bytes],
        *,
        normalize: bool = False,
        prompt_name: str | None = None,
        batch_size: int | None = None,
        show_progress: bool = False,
    ) -> np.ndarray:
        """Encodes texts as `Encoder.encode` does. A text that occurs more than once is sent once.

        Where a text is not valid Unicode (lone surrogates, bytes that are not UTF-8), the offending part counts as
        U+FFFD. Batches are sent over several connections at a time.

        Args:
            texts: n texts, as str or as UTF-8 bytes.
            normalize: divide each vector by its length.
            prompt_name: the prompt to put before each text, such as "query", which is a signature of the model;
                the encoder's default by default.
            batch_size: texts a request, at most; the client's by default.
            show_progress: show a progress bar on standard error.

        Returns:
            float32 [n, dimension], in the order of `texts`.

        Raises:
            DataError: `texts` is a single string, or holds something that is not a text.
            SettingsError: `batch_size` is not a positive integer, or `prompt_name` no name.
            ServingError: the server cannot be reached or refuses, or its answer holds no finite vector for each text.
        """
        signature = prompt_signature(prompt_name)
        size = self._size(batch_size)
        valid = valid_texts(texts)
        if not valid:
            return np.zeros((0, self._dimension(signature)), np.float32)
        rows, positions = distinct_rows([valid])

        def encode(batch: list[Row], stop: threading.Event) -> np.ndarray:
            return self._vectors(signature, batch, stop)

        vectors = self._joined((part.places, part.answer) for part in self._ask(encode, rows, size, show_progress))
        if normalize:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return vectors if len(rows) == len(valid) else vectors[positions]

    def similarity(self, left: Sequence[str | bytes], right: Sequence[str | bytes]) -> Similarities:
        """How similar each text on the left is to the one at the same place on the right.

        Args:
            left: n texts.
            right: n texts.

        Returns:
            Three arrays float32 [n].

        Raises:
            DataError: there are not as many texts on the left as on the right, or something is not a text.
            ServingError: the server cannot be reached or refuses, or its answer is not a finite number for each pair.
        """
        columns = [valid_texts(left, "left"), valid_texts(right, "right")]
        if len(columns[0]) != len(columns[1]):
            raise DataError(
                f"There are {len(columns[0]):,} texts on the left and {len(columns[1]):,} on the right. Expected as "
                "many on both sides."
            )
        if not columns[0]:
            return Similarities(*np.zeros((3, 0), np.float32))
        rows, positions = distinct_rows(columns)

        def compare(batch: list[Row], stop: threading.Event) -> np.ndarray:
            inputs = dict(zip(("left", "right"), zip(*batch, strict=True), strict=True))
            outputs = self._model.outputs("similarity", inputs, Similarities._fields, stop)
            return np.stack([self._model.numbers(outputs[name], batch, 1, name) for name in Similarities._fields], 1)

        parts = self._ask(compare, rows, self._batch_size)
        scores = self._joined((part.places, part.answer) for part in parts)[positions]
        return Similarities(*np.ascontiguousarray(scores.T))

    def top_k(self, queries: Sequence[str | bytes]) -> Hits:
        """The texts of the corpus inside the model that are most similar to each query.

        Args:
            queries: n texts.

        Returns:
            Three arrays [n, k]; k was chosen when the model was exported. For no queries, [0, 0].

        Raises:
            DataError: `queries` is a single string, or holds something that is not a text.
            ServingError: the server cannot be reached or refuses, as it does where the model was exported without a
                corpus, or its answer is not k texts for each query.
        """
        valid = valid_texts(queries, "queries")
        if not valid:
            return Hits(np.empty((0, 0), object), np.empty((0, 0), object), np.zeros((0, 0), np.float32))
        rows, positions = distinct_rows([valid])

        parts = self._ask(self._model.hits, rows, self._batch_size)
        return Hits(*(self._joined((part.places, part.answer[n]) for part in parts)[positions] for n in range(3)))

    def metadata(self) -> dict[str, Any]:
        """What the server says about the model: {"model_spec": …, "metadata": {"signature_def": …}}.

        Raises:
            ServingError: the server cannot be reached, or has no such model.
        """
        return self._model.metadata()

    def status(self) -> list[VersionStatus]:
        """The versions that the server knows, newest first; with `version` or `label` that one alone.

        Raises:
            ServingError: the server cannot be reached, or has no such model.
        """
        return self._model.status()

    def wait_until_ready(self, timeout: float = 60.0) -> None:
        """Waits until the model, or the version that was named, is available.

        Args:
            timeout: seconds to wait at most.

        Raises:
            ServingError: it is not available by then; says what the server answered last.
        """
        self._model.wait_until_ready(positive_seconds("timeout", timeout))

    def _size(self, batch_size: int | None) -> int:
        return self._batch_size if batch_size is None else whole_number("batch_size", batch_size, least=1)

    def _dimension(self, signature: str) -> int:
        known = vector_dimension(self._model.signature(signature))
        return self._vectors(signature, [("",)]).shape[1] if known is None else known

    def _vectors(self, signature: str, batch: list[Row], stop: threading.Event | None = None) -> np.ndarray:
        outputs = self._model.outputs(signature, [text for (text,) in batch], ["embeddings"], stop)
        return self._model.numbers(outputs["embeddings"], batch, 2, "embeddings")

    def _ask(
        self,
        ask: Callable[[list[Row], threading.Event], Answered],
        rows: list[Row],
        batch_size: int,
        show_progress: bool = False,
    ) -> list[Part[Answered]]:
        return ask_in_batches(
            ask, rows, batch_size=batch_size, connections=self._connections, show_progress=show_progress
        )

    def _joined(self, arrays: Iterable[tuple[list[int], np.ndarray]]) -> np.ndarray:
        return joined(list(arrays), self._model.address.predict_url)
