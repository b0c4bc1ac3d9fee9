"""One model on a server: its predictions, status and metadata, read and checked."""

import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfsiamese.errors import ServingError
from tfsiamese.serving.client_address import ModelAddress
from tfsiamese.serving.client_advice import advised
from tfsiamese.serving.client_answers import (
    RefusalError,
    VersionStatus,
    float_array,
    read_answer,
    read_signatures,
    read_versions,
    text_array,
)
from tfsiamese.serving.client_results import Hits
from tfsiamese.serving.client_texts import Row
from tfsiamese.serving.client_transport import Answer, Patience, Transport

__all__ = ["RemoteModel"]

_LONGEST_POLL_SECONDS = 1.0


class RemoteModel:
    """Asks a model on a server, in the words of TensorFlow Serving's REST API.

    Args:
        address: of the model.
        transport: sends the requests.
        patience: for each of them.
    """

    def __init__(self, address: ModelAddress, transport: Transport, patience: Patience):
        self.address = address
        self._transport = transport
        self._patience = patience

    def outputs(
        self,
        signature: str,
        inputs: Sequence[str] | Mapping[str, Sequence[str]],
        names: Sequence[str],
        stop: threading.Event | None = None,
    ) -> dict[str, Any]:
        """What a signature computes, in the columnar form.

        Args:
            signature: its name.
            inputs: texts [batch] of its only input, or of each by name.
            names: the outputs that are wanted; of a signature with a single output, one, whatever its name is.
            stop: once set, nothing is sent again.

        Returns:
            Nested lists of [batch, …] by the name of the output.

        Raises:
            ServingError: the server cannot be reached or refuses, or answers without one of the outputs.
        """
        url = self.address.predict_url
        # Escapes alone keep every text valid on the wire, whatever stands in between thinks of UTF-8.
        body = json.dumps({"signature_name": signature, "inputs": inputs}, ensure_ascii=True).encode("ascii")
        content = self._read(self._transport.post(url, body, self._patience, stop))
        if "outputs" not in content:
            raise ServingError(f"{url} answered without outputs. Expected TensorFlow Serving's columnar form.")
        found = content["outputs"]
        if len(names) == 1 and not isinstance(found, dict):
            return {names[0]: found}
        missing = [name for name in names if not isinstance(found, dict) or name not in found]
        if missing:
            has = ", ".join(found) if isinstance(found, dict) else "a single one"
            raise ServingError(
                f"{url} answered without the output {missing[0]!r} of signature {signature!r}. Its outputs: {has}. "
                "Expected a model that tfsiamese exported; Client.metadata() says what it has."
            )
        return found

    def numbers(self, value: Any, batch: Sequence[Row], rank: int, name: str) -> np.ndarray:
        """An output as float32 [batch] or [batch, size], according to its rank.

        Raises:
            ServingError: it is not that, or not finite; names the first text whose numbers are not.
        """
        url = self.address.predict_url
        array = float_array(value, url, name)
        if array.ndim != rank or len(array) != len(batch) or 0 in array.shape:
            wanted = f"[{len(batch)}]" if rank == 1 else f"[{len(batch)}, size]"
            raise ServingError(
                f"{url} answered with {name} of shape {list(array.shape)} to {len(batch)} texts. Expected {wanted}. "
                "Check that the signature has a leading batch dimension: Client.metadata()."
            )
        finite = np.isfinite(array).reshape(len(array), -1).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            text = " | ".join(batch[row])
            raise ServingError(
                f"{url} answered with {name} that are not finite for {int((~finite).sum())} of {len(batch)} texts, "
                f"such as {text[:60]!r}. Expected numbers; check the model that was exported with tfsiamese inspect."
            )
        return array

    def hits(self, batch: Sequence[Row], stop: threading.Event | None = None) -> Hits:
        """What the signature `top_k` finds for queries [batch].

        Raises:
            ServingError: the server cannot be reached or refuses, or its answer is not k texts for each query.
        """
        url = self.address.predict_url
        outputs = self.outputs("top_k", [query for (query,) in batch], Hits._fields, stop)
        scores = self.numbers(outputs["scores"], batch, 2, "scores")
        ids, texts = (text_array(outputs[name], url, name) for name in ("ids", "texts"))
        if not ids.shape == texts.shape == scores.shape:
            raise ServingError(
                f"{url} answered with ids, texts and scores of the shapes {ids.shape}, {texts.shape} and "
                f"{scores.shape}. Expected the same; check the model that was exported."
            )
        return Hits(ids, texts, scores)

    def metadata(self) -> dict[str, Any]:
        """The answer of the metadata API."""
        content = self._get(self.address.metadata_url)
        read_signatures(content, self.address.metadata_url)
        return content

    def signature(self, name: str) -> dict[str, Any]:
        """The inputs and outputs of a signature.

        Raises:
            ServingError: the server cannot be reached, or has no such model or signature.
        """
        signatures = read_signatures(self._get(self.address.metadata_url), self.address.metadata_url)
        if name not in signatures:
            raise ServingError(
                f"{self.address.status_url} has no signature {name!r}. Its signatures: {', '.join(signatures)}."
            )
        return signatures[name]

    def status(self) -> list[VersionStatus]:
        """The answer of the status API, newest version first."""
        return read_versions(self._get(self.address.status_url), self.address.status_url)

    def wait_until_ready(self, seconds: float) -> None:
        """Asks for the status until a version is available.

        Raises:
            ServingError: none is after so many seconds; says what the server answered last.
        """
        end = time.monotonic() + seconds
        url, wait = self.address.status_url, 0.05
        while True:
            left = max(end - time.monotonic(), 1e-3)
            last = self._readiness(Patience(min(self._patience.timeout, left), 0, left))
            if not last:
                return
            if time.monotonic() + wait >= end:
                raise ServingError(f"{url} is not ready after {seconds:g} s. Last seen: {last}. See the server's log.")
            time.sleep(wait)
            wait = min(2 * wait, _LONGEST_POLL_SECONDS)

    def _readiness(self, patience: Patience) -> str:
        """Why the model is not ready; empty where it is."""
        url = self.address.status_url
        try:
            versions = read_versions(read_answer(self._transport.get(url, patience)), url)
        except ServingError as error:
            return str(error).rstrip(".")
        if any(version.state == "AVAILABLE" for version in versions):
            return ""
        listed = (f"version {status.version} is {status.state} {status.error}".rstrip() for status in versions)
        return "; ".join(listed) or "the model has no version"

    def _get(self, url: str) -> dict[str, Any]:
        return self._read(self._transport.get(url, self._patience))

    def _read(self, answer: Answer) -> dict[str, Any]:
        try:
            return read_answer(answer)
        except RefusalError as error:
            raise advised(error, self.address, self._transport) from error
