"""The pre-tokenizers that SentencePiece models come with: WhitespaceSplit and Metaspace."""

from dataclasses import dataclass, replace

import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import characters_in
from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable
from tfsiamese.encoders.tokenizers.code_points import before
from tfsiamese.encoders.tokenizers.flat_characters import FlatCharacters
from tfsiamese.errors import EncoderError

__all__ = ["WordSplitter", "make_word_splitter"]

_SCHEMES = ("always", "first", "never")


@dataclass(frozen=True)
class _Metaspace:
    replacement: int
    scheme: str
    split: bool


class WordSplitter(tf.Module):
    """Cuts texts into words and writes their spaces as the Metaspace's mark."""

    def __init__(self, whitespace_split: bool, metaspace: _Metaspace | None):
        super().__init__()
        self._whitespace = CodePointTable.of_sets({1: characters_in("space")}) if whitespace_split else None
        self._metaspace = metaspace

    def __call__(self, texts: tf.Tensor, begins: tf.Tensor) -> FlatCharacters:
        """Strings [n], and whether each begins its text, bool [n] -> words."""
        words = self._between_whitespace(FlatCharacters.of_texts(texts))
        return words if self._metaspace is None else _marked(words, begins, self._metaspace)

    def _between_whitespace(self, characters: FlatCharacters) -> FlatCharacters:
        if self._whitespace is None:
            return characters
        space = self._whitespace(characters.codes) == 1
        return characters.cut(characters.starts | before(space, False)).keep(~space)


def _marked(words: FlatCharacters, begins: tf.Tensor, metaspace: _Metaspace) -> FlatCharacters:
    mark = metaspace.replacement
    words = replace(words, codes=tf.where(words.codes == ord(" "), mark, words.codes))
    if metaspace.scheme != "never":
        unmarked = words.starts & (words.codes != mark)
        if metaspace.scheme == "first":
            unmarked &= tf.repeat(begins, words.splits[1:] - words.splits[:-1])
        words = words.put_before(mark, unmarked)
    return words.cut(words.starts | (words.codes == mark)) if metaspace.split else words


def make_word_splitter(config: dict | None) -> WordSplitter:
    """Builds what `pre_tokenizer` of a tokenizer.json describes.

    Args:
        config: WhitespaceSplit, Metaspace, a Sequence of the two, or None: each text is one word as it is.

    Raises:
        EncoderError: another type, or an option that is not supported.
    """
    parts = _parts(config)
    names = [part.get("type") for part in parts]
    if names not in ([], ["WhitespaceSplit"], ["Metaspace"], ["WhitespaceSplit", "Metaspace"]):
        raise EncoderError(
            f"The tokenizer's pre-tokenizer {names} is not supported with a SentencePiece model; expected "
            "WhitespaceSplit, Metaspace, or both in this order."
        )
    metaspace = _metaspace(parts[-1]) if "Metaspace" in names else None
    if metaspace and metaspace.scheme == "first" and len(parts) == 2:
        raise EncoderError("A Metaspace with prepend_scheme='first' after WhitespaceSplit is not supported.")
    return WordSplitter("WhitespaceSplit" in names, metaspace)


def _parts(config: dict | None) -> list[dict]:
    if config is None:
        return []
    if config.get("type") == "Sequence":
        return [part for inner in config.get("pretokenizers", []) for part in _parts(inner)]
    return [config]


def _metaspace(config: dict) -> _Metaspace:
    known = {"type", "replacement", "prepend_scheme", "split", "add_prefix_space", "str_rep"}
    unknown = sorted(config.keys() - known)
    if unknown:
        raise EncoderError(f"The tokenizer's Metaspace has an option that is not supported: {unknown[0]!r}.")
    scheme = config.get("prepend_scheme", "always")
    if config.get("add_prefix_space") is False:
        scheme = "never"
    replacement = config.get("replacement", "▁")
    if scheme not in _SCHEMES or not isinstance(replacement, str) or len(replacement) != 1:
        raise EncoderError(
            f"The tokenizer's Metaspace has prepend_scheme={scheme!r} and replacement={replacement!r}; expected one of "
            f"{', '.join(_SCHEMES)} and one character."
        )
    return _Metaspace(ord(replacement), scheme, config.get("split", True))
