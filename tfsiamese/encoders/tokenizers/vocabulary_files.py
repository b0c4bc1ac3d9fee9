"""The files that tokenizers were kept in before tokenizer.json."""

import base64
from pathlib import Path
from typing import Any

from tfsiamese.encoders.tokenizers.sentence_piece_model import Algorithm, parse_model
from tfsiamese.errors import EncoderError

__all__ = ["read_merges", "read_vocabulary", "read_xlm_roberta"]


def read_vocabulary(path: Path) -> dict[str, int]:
    """vocab.txt: a token a line, whose number from 0 is its id; of equal ones the last counts."""
    return {token: index for index, token in enumerate(_lines(path))}


def read_merges(path: Path) -> list[list[str]]:
    """merges.txt: two tokens a line, the most urgent first.

    Raises:
        EncoderError: a line does not hold two tokens.
    """
    merges = []
    for number, line in enumerate(_lines(path), 1):
        if line.startswith("#version"):
            continue
        pair = line.split(" ")
        if len(pair) != 2:
            raise EncoderError(f"{path}, line {number}: expected two tokens and one space, found {line!r}.")
        merges.append(pair)
    return merges


def read_xlm_roberta(path: Path, config: dict[str, Any]) -> dict[str, Any]:
    """sentencepiece.bpe.model of XLM-RoBERTa: its ids are SentencePiece's and one, after four special tokens.

    Returns:
        The sections "normalizer" and "model" of a tokenizer.json.

    Raises:
        EncoderError: it is no Unigram model.
    """
    try:
        model = parse_model(path.read_bytes())
    except (OSError, EncoderError) as error:
        raise EncoderError(f"{path}: {error}") from error
    if model.algorithm != Algorithm.UNIGRAM:
        raise EncoderError(f"{path} is a {model.algorithm.name} model; expected Unigram, as XLM-RoBERTa has it.")
    defaults = {"bos_token": "<s>", "pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    first = [_content(config.get(name) or default) for name, default in defaults.items()]
    pieces = [[token, 0.0] for token in first] + [[piece.text, piece.score] for piece in model.pieces[3:]]
    pieces.append([_content(config.get("mask_token") or "<mask>"), 0.0])
    charsmap = base64.b64encode(model.charsmap).decode()
    normalizer = {"type": "Precompiled", "precompiled_charsmap": charsmap} if charsmap else None
    return {"normalizer": normalizer, "model": {"vocab": pieces}}


def _content(token: str | dict[str, Any]) -> str:
    return token if isinstance(token, str) else token["content"]


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EncoderError(f"{path} cannot be read as UTF-8 text ({error}). Get the file again.") from error
    # Not splitlines(): tokens may be what that takes for the end of a line.
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines
