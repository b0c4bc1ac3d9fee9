"""What a model said, as text that can be stored, and the JSON inside of it."""

import re

__all__ = ["json_part", "storable"]

_FENCED = re.compile(r"```[ \t]*[\w+-]*[ \t]*\r?\n(.*?)\r?\n?[ \t]*```", re.DOTALL)
_REASONING_ENDS = re.compile(r"</(?:think|thinking|thought|reasoning)>")
_STARTS = ("{", "[", "```")


def json_part(text: str) -> str:
    """A model's answer without reasoning before it, and without the fence of a code block around it.

    Reasoning ends with </think>, with or without <think> at its start: the templates of some models put that into the
    prompt. An answer that starts with a brace or a bracket is left as it is, and so is one in which no JSON is found.
    """
    text = text.strip().lstrip("\ufeff").lstrip()
    if not text.startswith(_STARTS):
        for end in _REASONING_ENDS.finditer(text):
            rest = text[end.end() :].lstrip()
            if rest.startswith(_STARTS):
                text = rest
                break
    if not text.startswith(("{", "[")):
        fenced = _FENCED.search(text)
        if fenced and fenced[1].lstrip().startswith(("{", "[")):
            text = fenced[1]
    return text.strip()


def storable(text: str) -> str:
    r"""A text as UTF-8 can hold it: halves of surrogate pairs that meet become a character, single ones U+FFFD.

    JSON can hold half of a pair, as "\ud83d" without the other half.
    """
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
