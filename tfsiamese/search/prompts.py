"""What stands before queries, and before the passages that answer them."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tfsiamese.errors import SettingsError
from tfsiamese.suggestions import did_you_mean

__all__ = ["PASSAGE_PROMPT_NAMES", "Prompts", "chosen_prompts", "retrieval_prompts"]

PASSAGE_PROMPT_NAMES = ("passage", "document", "corpus")

_QUERY_PROMPT_NAMES = ("query",)
_SINGLE_WORD = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Prompts:
    """Texts to put before queries and before passages: None for the encoder's default prompt, "" for none at all."""

    query: str | None = None
    passage: str | None = None


def retrieval_prompts(encoder: object, query_prompt: str | None = None, passage_prompt: str | None = None) -> Prompts:
    """The prompts of queries and of passages.

    Args:
        encoder: says with `prompts` which prompts it has by name; one without it has none.
        query_prompt: the name of one of the encoder's prompts, or else the text itself, with the blank at its end. A
            single word of letters, digits, "-" and "_" is always taken as a name, so that a misspelt one is refused. ""
            puts nothing before the queries. By default they get the prompt "query" where the encoder has it, and
            otherwise the encoder's default prompt, if any.
        passage_prompt: the same for passages. By default they get the prompt "passage", "document" or "corpus": the
            first of these that the encoder has and that is not empty.

    Raises:
        SettingsError: the encoder has no prompt of that name, or takes none.
    """
    chosen = chosen_prompts(encoder, query_prompt, passage_prompt)
    return Prompts(
        query=_automatic(encoder, _QUERY_PROMPT_NAMES) if query_prompt is None else chosen.query,
        passage=_automatic(encoder, PASSAGE_PROMPT_NAMES) if passage_prompt is None else chosen.passage,
    )


def chosen_prompts(encoder: object, query_prompt: str | None = None, passage_prompt: str | None = None) -> Prompts:
    """As `retrieval_prompts`, but what is not given stays with the encoder's default prompt.

    Raises:
        SettingsError: the encoder has no prompt of that name, or takes none.
    """
    return Prompts(
        query=_text(encoder, query_prompt, "query_prompt"), passage=_text(encoder, passage_prompt, "passage_prompt")
    )


def _automatic(encoder: object, names: tuple[str, ...]) -> str | None:
    """The first prompt of these names that is not empty; "" where there are only empty ones."""
    if not _takes_prompts(encoder):
        return None
    prompts = _prompts_of(encoder)
    found = [prompts[name] for name in names if name in prompts]
    return next(filter(None, found), found[0] if found else None)


def _text(encoder: object, prompt: str | None, argument: str) -> str | None:
    """The text of a prompt that is given by name or as it is."""
    if prompt is None:
        return None
    if not isinstance(prompt, str):
        raise SettingsError(f"Expected {argument} to be a text, or the name of a prompt. Received: {prompt!r:.60}.")
    if encoder is None and prompt:
        raise SettingsError(f"{argument}={prompt!r} is for an encoder, and there is none. Give one, or leave it out.")
    prompts = _prompts_of(encoder)
    if prompt not in prompts and _SINGLE_WORD.fullmatch(prompt):
        known = f"Its prompts: {', '.join(prompts)}." if prompts else "It has none."
        raise SettingsError(
            f"{_name_of(encoder)} has no prompt {prompt!r} for {argument}.{did_you_mean(prompt, prompts)} {known} "
            f"A text of your own ends in a blank, as in '{prompt}: '."
        )
    text = prompts.get(prompt, prompt)
    if _takes_prompts(encoder):
        return text
    if text:
        raise SettingsError(
            f"{_name_of(encoder)} takes no prompts: its `encode` has no argument `prompt`. Leave {argument} out, or "
            "put the prompt into the texts."
        )
    return None


def _prompts_of(encoder: object) -> Mapping[str, str]:
    prompts = getattr(encoder, "prompts", None)
    return prompts if isinstance(prompts, Mapping) else {}


def _takes_prompts(encoder: object) -> bool:
    encode = getattr(encoder, "encode", None)
    if encode is None:
        return False
    parameters = inspect.signature(encode).parameters
    return "prompt" in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


def _name_of(encoder: object) -> str:
    return str(getattr(encoder, "source", None) or "The encoder")
