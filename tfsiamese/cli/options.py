"""Options that several verbs share."""

import argparse
import json
from typing import Any

__all__ = [
    "ENCODER_SOURCES",
    "add_encoder_options",
    "add_pair_options",
    "add_prompt_options",
    "encoder_options",
    "pair_options",
    "prompt_options",
    "setting",
    "whole_numbers",
]

ENCODER_SOURCES = "built-in name, SavedModel folder, checkpoint folder, run folder, handle or hf://owner/name"

_PRECISIONS = ("bfloat16", "float16")
_PAIR_OPTIONS = ("left", "right", "score", "score_range", "columns", "delimiter", "encoding")


def add_encoder_options(parser: argparse.ArgumentParser) -> None:
    """How a SavedModel is called, and how a checkpoint computes."""
    group = parser.add_argument_group("encoder")
    group.add_argument("--max-length", type=int, metavar="N", help="cut texts at N tokens (the checkpoint's own limit)")
    group.add_argument(
        "--mixed-precision",
        nargs="?",
        const=True,
        type=_precision,
        metavar="TYPE",
        help="compute a checkpoint's matrix products in bfloat16, or in float16 if TYPE says so",
    )
    group.add_argument("--signature", help="call this signature of the SavedModel instead of its __call__")
    group.add_argument("--output-key", help="the output that holds the vectors, where there are several")


def encoder_options(options: argparse.Namespace) -> dict[str, Any]:
    """As keyword arguments of `load_encoder`."""
    return {name: getattr(options, name) for name in ("signature", "output_key", "max_length", "mixed_precision")}


def add_prompt_options(parser: argparse.ArgumentParser, queries: str, passages: str) -> None:
    """What stands before the texts of either side."""
    group = parser.add_argument_group("prompts", 'names of prompts that the encoder has, or texts; "" for none')
    group.add_argument("--query-prompt", metavar="P", help=f"before {queries} (the encoder's prompt query, if any)")
    group.add_argument(
        "--passage-prompt",
        metavar="P",
        help=f"before {passages} (the encoder's prompt passage, document or corpus, if any)",
    )


def prompt_options(options: argparse.Namespace) -> dict[str, Any]:
    """As keyword arguments of evaluation and mining."""
    return {"query_prompt": options.query_prompt, "passage_prompt": options.passage_prompt}


def add_pair_options(parser: argparse.ArgumentParser) -> None:
    """How a file of pairs is read."""
    group = parser.add_argument_group(
        "columns", "known without options: base,ref,similarity · sentence1,sentence2,score · text1,text2,label"
    )
    group.add_argument("--left", metavar="COLUMN", help="the column of the first texts")
    group.add_argument("--right", metavar="COLUMN", help="the column of the second texts")
    group.add_argument("--score", metavar="COLUMN", help="the column of the scores")
    group.add_argument(
        "--score-range",
        nargs=2,
        type=float,
        metavar=("LOW", "HIGH"),
        help="the scale of the scores, where it is not 0 to 1",
    )
    group.add_argument(
        "--columns",
        type=lambda names: names.split(","),
        metavar="A,B,C",
        help="the names of the columns of a file without a header",
    )
    group.add_argument("--delimiter", help="the character between fields (by the file's suffix: , or tab)")
    group.add_argument("--encoding", default="utf-8", help="the encoding of the file (utf-8)")


def pair_options(options: argparse.Namespace) -> dict[str, Any]:
    """As keyword arguments of `read_pairs`."""
    return {name: getattr(options, name) for name in _PAIR_OPTIONS}


def _precision(text: str) -> str:
    """A type for --mixed-precision, which takes the argument behind it."""
    if text not in _PRECISIONS:
        raise argparse.ArgumentTypeError(
            f"expected {' or '.join(_PRECISIONS)}, received {text!r}; put other arguments before the option"
        )
    return text


def whole_numbers(text: str) -> list[int]:
    """A type for options that take whole numbers with commas between them."""
    try:
        return [int(number) for number in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected whole numbers with commas between, received {text!r}") from None


def setting(text: str) -> tuple[str, Any]:
    """A type for options of the form NAME=VALUE; values are numbers, true, false, lists, or else text."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, received {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
