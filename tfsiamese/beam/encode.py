"""A transform from texts to vectors."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import apache_beam as beam
from apache_beam.utils.shared import Shared

from tfsiamese.errors import DataError, SettingsError

if TYPE_CHECKING:
    from tfsiamese.encoders import Encoder

__all__ = ["Encode"]

# A bundle's elements are put into batches of so many of the encoder's, for these to be of similar length.
_BATCHES_AT_ONCE = 16


class Encode(beam.PTransform):
    """Texts to pairs of what came in and its vector, float32 [dimension].

    - texts, str or UTF-8 bytes: (text, vector)
    - (key, text): (key, vector)
    - with `text_field`, rows, which are mappings or have a schema (beam.Row, NamedTuple, dataclass): (row, vector)

    The encoder is loaded once in each worker process, whatever the number of threads, so that each worker must be able
    to reach it: a built-in name, or a path or handle that all of them see. Windows are kept; elements of one window
    that are encoded together all get the timestamp that Beam gives to a batch of them.

    Args:
        source: an encoder source, as in `load_encoder`.
        batch_size: texts that the encoder takes at once.
        normalize: divide each vector by its length.
        prompt_name: which of the encoder's prompts to put before each text; "" for none at all.
        prompt: another text to put before each text.
        text_field: the name of the texts in rows.
        encoder_options: other options of `load_encoder`, such as {"max_length": 128}.

    Raises:
        SettingsError: `batch_size` is not a positive integer, another argument is of the wrong type, or both prompts
            are given.
        DataError: at run time: an element is no text, or none of the forms above.
        EncoderError: at run time: the encoder cannot be loaded.

    Example:
        >>> schema = pyarrow.schema([("text", pyarrow.string()), ("vector", pyarrow.list_(pyarrow.float32(), 512))])
        >>> with beam.Pipeline() as pipeline:
        ...     (
        ...         pipeline
        ...         | beam.io.ReadFromText("corpus-*.txt")
        ...         | Encode("use-multilingual", normalize=True)
        ...         | beam.MapTuple(lambda text, vector: {"text": text, "vector": vector.tolist()})
        ...         | beam.io.WriteToParquet("vectors", schema, file_name_suffix=".parquet")
        ...     )

    Reference: Apache Beam, "Programming guide", and apache_beam.utils.shared.
    """

    def __init__(
        self,
        source: str | Path,
        *,
        batch_size: int = 64,
        normalize: bool = False,
        prompt_name: str | None = None,
        prompt: str | None = None,
        text_field: str | None = None,
        encoder_options: Mapping[str, Any] | None = None,
    ):
        super().__init__()
        _check_type(source, (str, Path), "source", "an encoder source")
        _check_type(normalize, (bool,), "normalize", "True or False")
        for name, value in (("prompt_name", prompt_name), ("prompt", prompt), ("text_field", text_field)):
            _check_type(value, (str, type(None)), name, "a text")
        _check_type(encoder_options, (Mapping, type(None)), "encoder_options", "a dict of options of load_encoder")
        for name in encoder_options or ():
            _check_type(name, (str,), "the names in encoder_options", "texts")
        if isinstance(batch_size, bool) or not isinstance(batch_size, int) or batch_size < 1:
            raise SettingsError(f"Expected batch_size to be a positive integer. Received: batch_size={batch_size!r}.")
        if prompt is not None and prompt_name is not None:
            raise SettingsError(
                f"Received both prompt={prompt!r:.60} and prompt_name={prompt_name!r}. Expected one of them."
            )
        self._batch_size = batch_size
        options = {"batch_size": batch_size, "normalize": normalize, "prompt_name": prompt_name, "prompt": prompt}
        self._encoding = _EncodeBatch(str(source), dict(encoder_options or {}), options, text_field)

    def expand(self, elements: Any) -> Any:
        """Adds the steps to a pipeline."""
        largest = _BATCHES_AT_ONCE * self._batch_size
        return (
            elements
            | "Batch" >> beam.BatchElements(min_batch_size=self._batch_size, max_batch_size=largest)
            | "Encode" >> beam.ParDo(self._encoding)
        )


class _EncodeBatch(beam.DoFn):
    """Encodes a list of elements with the process's encoder."""

    def __init__(self, source: str, encoder_options: dict[str, Any], options: dict[str, Any], text_field: str | None):
        self._source = source
        self._encoder_options = encoder_options
        self._options = options
        self._text_field = text_field
        self._shared = Shared()
        self._kept: Encoder | None = None

    def setup(self) -> None:
        """Loads the encoder before the first batch, unless another thread of the process has it."""
        self._kept = self._shared.acquire(self._load)

    def process(self, batch: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
        """Yields each element, or its key, with its vector."""
        keys, texts = zip(*map(self._key_and_text, batch), strict=True)
        encoder = self._shared.acquire(self._load)
        yield from zip(keys, encoder.encode(texts, **self._options), strict=True)

    def _load(self) -> "Encoder":
        from tfsiamese.encoders import load_encoder

        return load_encoder(self._source, **self._encoder_options)

    def _key_and_text(self, element: Any) -> tuple[Any, str | bytes]:
        if self._text_field is not None:
            fields = _fields(element)
            if fields is None or self._text_field not in fields:
                raise DataError(f"A row has no field {self._text_field!r}: {element!r:.200}. Correct text_field.")
            return element, _checked_text(fields[self._text_field], element)
        if isinstance(element, tuple) and len(element) == 2 and _fields(element) is None:
            return element[0], _checked_text(element[1], element)
        return element, _checked_text(element, element)


def _fields(element: Any) -> Mapping[Any, Any] | None:
    """The fields of a row by name; None for what is no row."""
    if isinstance(element, Mapping):
        return element
    if isinstance(element, beam.Row):
        return dict(element.as_dict())
    names = getattr(element, "_fields", None)
    if isinstance(element, tuple) and names is not None:
        return dict(zip(names, element, strict=True))
    if dataclasses.is_dataclass(element) and not isinstance(element, type):
        return {field.name: getattr(element, field.name) for field in dataclasses.fields(element)}
    return None


def _check_type(value: Any, kinds: tuple[type, ...], name: str, expected: str) -> None:
    if not isinstance(value, kinds):
        raise SettingsError(f"Expected {name} to be {expected}. Received: {name}={value!r:.60}.")


def _checked_text(text: Any, element: Any) -> str | bytes:
    if isinstance(text, (str, bytes)):
        return text
    raise DataError(
        f"Expected a text, a pair of a key and a text, or a row with text_field. Received: {element!r:.200}, of type "
        f"{type(element).__name__}."
    )
