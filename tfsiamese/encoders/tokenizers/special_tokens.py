"""The tokens that every text gets before and after its own: the post-processor of a tokenizer.json."""

from dataclasses import dataclass

from tfsiamese.errors import EncoderError

__all__ = ["SpecialTokens", "read_special_tokens"]


@dataclass(frozen=True)
class SpecialTokens:
    """Ids around the ids of a single text."""

    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()

    @property
    def num_special(self) -> int:
        """How many tokens a text gets in addition to its own."""
        return len(self.before) + len(self.after)


def read_special_tokens(config: dict | None) -> SpecialTokens:
    """Reads what `post_processor` of a tokenizer.json says of single texts.

    Args:
        config: TemplateProcessing, BertProcessing, RobertaProcessing, ByteLevel (which changes no ids), a Sequence of
            them, or None.

    Raises:
        EncoderError: another type, a template that is not "tokens, the text, tokens", or token types other than 0.
    """
    if config is None:
        return SpecialTokens()
    name = config.get("type")
    try:
        if name == "Sequence":
            return _sequence(config["processors"])
        if name == "TemplateProcessing":
            return _template(config)
        if name in ("BertProcessing", "RobertaProcessing"):
            return SpecialTokens((int(config["cls"][1]),), (int(config["sep"][1]),))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise EncoderError(f"The tokenizer's post-processor {name} is incomplete or damaged ({error!r}).") from error
    if name == "ByteLevel":
        return SpecialTokens()
    raise EncoderError(
        f"The tokenizer's post-processor {name!r} is not supported; expected TemplateProcessing, BertProcessing, "
        "RobertaProcessing, ByteLevel, or a Sequence of them."
    )


def _sequence(configs: list[dict]) -> SpecialTokens:
    """Each processor works on what the one before it has made."""
    whole = SpecialTokens()
    for config in configs:
        outer = read_special_tokens(config)
        whole = SpecialTokens(outer.before + whole.before, whole.after + outer.after)
    return whole


def _template(config: dict) -> SpecialTokens:
    before: list[int] = []
    after: list[int] = []
    texts = 0
    for item in config["single"]:
        ((kind, part),) = item.items()
        if part.get("type_id", 0) != 0:
            raise EncoderError("The tokenizer's template gives token types other than 0, which is not supported.")
        if kind == "Sequence" and part["id"] == "A":
            texts += 1
        elif kind == "SpecialToken":
            (after if texts else before).extend(map(int, config["special_tokens"][part["id"]]["ids"]))
        else:
            texts = -1
            break
    if texts != 1:
        raise EncoderError(
            f"The tokenizer's template {config['single']} is not supported; expected special tokens around one text."
        )
    return SpecialTokens(tuple(before), tuple(after))
