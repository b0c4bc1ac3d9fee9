"""The normalizers of a Hugging Face tokenizer.json as TensorFlow graphs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import tensorflow as tf

from tfsiamese.encoders.tokenizers.canonical_order import Compose, OrderMarks
from tfsiamese.encoders.tokenizers.characters import characters_in, decompositions, lowercase
from tfsiamese.encoders.tokenizers.code_point_tables import CharacterMap, ReplaceCharacters, then
from tfsiamese.encoders.tokenizers.code_points import Step, decode, encode
from tfsiamese.encoders.tokenizers.components import Normalizer
from tfsiamese.encoders.tokenizers.precompiled import ReplaceClusters, read_charsmap
from tfsiamese.encoders.tokenizers.text_edits import Prepend, Replace, Strip
from tfsiamese.errors import EncoderError

__all__ = ["make_normalizer"]

# What a normalizer is made of: changes of single characters, steps on code points, and changes of whole strings.
_Part = CharacterMap | Step | Normalizer
_SPACE = (ord(" "),)


def make_normalizer(config: dict | None) -> Normalizer:
    """Builds what `normalizer` of a tokenizer.json describes.

    Args:
        config: BertNormalizer, NFC, NFD, NFKC, NFKD, Lowercase, StripAccents, Strip, Replace, Prepend, Precompiled, or
            a Sequence of them; None leaves texts as they are.

    Returns:
        A normalizer whose strings equal those of Hugging Face's tokenizers 0.23.

    Raises:
        EncoderError: another type, an option that is not known or has a wrong value, a character map that is damaged,
            or a regular expression that TensorFlow may read otherwise.
    """
    parts = list(_joined(_parts(config))) if config is not None else []
    return _Chain(list(_grouped(parts))) if parts else Normalizer()


class _Chain(Normalizer):
    """Normalizers one after the other."""

    def __init__(self, normalizers: Sequence[Normalizer]):
        super().__init__()
        self._normalizers = tuple(normalizers)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        for normalize in self._normalizers:
            texts = normalize(texts)
        return texts


class _OnCodePoints(Normalizer):
    """Steps between one decoding and one encoding."""

    def __init__(self, steps: Sequence[Step]):
        super().__init__()
        self._steps = tuple(steps)

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        codes = decode(texts)
        for step in self._steps:
            codes = step(codes)
        return encode(codes)


def _joined(parts: list[_Part]) -> Iterator[Step | Normalizer]:
    """Makes one step of all changes of single characters that follow each other."""
    changes: CharacterMap = {}
    for part in parts:
        if isinstance(part, Mapping):
            changes = then(changes, part)
            continue
        if changes:
            yield ReplaceCharacters(changes)
            changes = {}
        yield part
    if changes:
        yield ReplaceCharacters(changes)


def _grouped(parts: list[Step | Normalizer]) -> Iterator[Normalizer]:
    for on_code_points, group in groupby(parts, lambda part: isinstance(part, Step)):
        if on_code_points:
            yield _OnCodePoints(list(group))
        else:
            yield from group


def _parts(config: dict) -> list[_Part]:
    name = config.get("type") if isinstance(config, dict) else None
    if not isinstance(name, str) or name not in _NORMALIZERS:
        raise EncoderError(
            f"The tokenizer has a normalizer that is not supported: {name or config!r}; expected one of "
            f"{', '.join(sorted(_NORMALIZERS))}."
        )
    make, defaults = _NORMALIZERS[name]
    options = {key: value for key, value in config.items() if key != "type"}
    for key, value in options.items():
        if key not in defaults:
            raise EncoderError(
                f"The tokenizer's {name} normalizer has an option that is not supported: {key!r}; expected "
                f"{', '.join(map(repr, defaults)) or 'none'}."
            )
        default = defaults[key]
        if not (value is default is None or type(value) is (bool if default is None else type(default))):
            raise EncoderError(f"The tokenizer's {name} normalizer has {key}={value!r}, which is of the wrong type.")
    return make({**defaults, **options})


def _bert(options: dict[str, Any]) -> list[_Part]:
    parts: list[_Part] = []
    if options["clean_text"]:
        spaces = dict.fromkeys(characters_in("space").tolist(), _SPACE)
        parts.append({**spaces, **_removing("control")})
    if options["handle_chinese_chars"]:
        parts.append({code: (*_SPACE, code, *_SPACE) for code in characters_in("chinese").tolist()})
    strip_accents = options["strip_accents"]
    if options["lowercase"] if strip_accents is None else strip_accents:
        parts += [decompositions(False), OrderMarks(), _removing("nonspacing")]
    if options["lowercase"]:
        parts.append(lowercase())
    return parts


def _removing(name: str) -> CharacterMap:
    return dict.fromkeys(characters_in(name).tolist(), ())


def _replace(options: dict[str, Any]) -> list[_Part]:
    pattern = options["pattern"]
    if list(pattern) not in (["String"], ["Regex"]) or not all(isinstance(text, str) for text in pattern.values()):
        raise EncoderError(
            f"The tokenizer's Replace normalizer has the pattern {pattern}; expected a 'String' or a 'Regex'."
        )
    return [Replace(pattern, options["content"])]


def _sequence(options: dict[str, Any]) -> list[_Part]:
    return [part for config in options["normalizers"] for part in _parts(config)]


# Of each type: what it is made of, and its options with their defaults.
_NORMALIZERS: dict[str, tuple[Callable[[dict[str, Any]], list[_Part]], dict[str, Any]]] = {
    "BertNormalizer": (
        _bert,
        {"clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
    ),
    "Lowercase": (lambda _: [lowercase()], {}),
    "NFC": (lambda _: [Compose(compatible=False)], {}),
    "NFD": (lambda _: [decompositions(False), OrderMarks()], {}),
    "NFKC": (lambda _: [Compose(compatible=True)], {}),
    "NFKD": (lambda _: [decompositions(True), OrderMarks()], {}),
    "Precompiled": (
        lambda options: [ReplaceClusters(read_charsmap(options["precompiled_charsmap"]))],
        {"precompiled_charsmap": ""},
    ),
    "Prepend": (lambda options: [Prepend(options["prepend"])], {"prepend": ""}),
    "Replace": (_replace, {"pattern": {}, "content": ""}),
    "Sequence": (_sequence, {"normalizers": []}),
    "Strip": (
        lambda options: [Strip(options["strip_left"], options["strip_right"])],
        {"strip_left": True, "strip_right": True},
    ),
    "StripAccents": (lambda _: [_removing("mark")], {}),
}
