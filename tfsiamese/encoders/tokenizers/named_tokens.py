"""Special and added tokens out of all the files that speak of them, as transformers 5 puts them together."""

from typing import Any

__all__ = ["NAMED_TOKENS", "content_of", "with_added_tokens"]

_NAMES = ("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token")
_FLAGS = ("single_word", "lstrip", "rstrip", "normalized", "special")

_BERT = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
_ROBERTA = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
    "cls_token": "<s>",
    "mask_token": "<mask>",
}
# What a family's special tokens are where no file says so.
NAMED_TOKENS: dict[str, dict[str, Any]] = {
    "bert": _BERT,
    "mpnet": {**_ROBERTA, "unk_token": "[UNK]", "mask_token": {"content": "<mask>", "lstrip": True}},
    "qwen2": dict.fromkeys(("unk_token", "eos_token", "pad_token"), "<|endoftext|>"),
    "roberta": _ROBERTA,
    "xlm-roberta": _ROBERTA,
}


def content_of(token: str | dict[str, Any]) -> str:
    """The text of a token that is written as a text or as an object."""
    return token if isinstance(token, str) else token["content"]


def with_added_tokens(
    tokenizer: dict[str, Any], config: dict[str, Any], family: str | None, legacy: dict[str, Any]
) -> dict[str, Any]:
    """Completes `added_tokens`, and the post-processor of families that name its tokens.

    Args:
        tokenizer: the sections of a tokenizer.json.
        config: tokenizer_config.json.
        family: the family that the tokenizer was rebuilt for, or None.
        legacy: what older files say: "added_tokens" (entries), "special_tokens" (by name) and "ids" (by text).
    """
    named = {**NAMED_TOKENS.get(family or "", {}), **_named(config), **_named(legacy["special_tokens"])}
    entries = {entry["content"]: entry for entry in tokenizer["added_tokens"]}
    ids = _Ids(tokenizer)
    for entry in [*_listed(config), *_by_id(legacy, named), *legacy["added_tokens"]]:
        entries[entry["content"]] = _entry(entry, ids, entry.get("special", False))
    extra = _extra(config) + _extra(legacy["special_tokens"])
    for token in [*named.values(), *extra]:
        if token is not None and content_of(token) not in entries:
            entries[content_of(token)] = _entry(token, ids, True)
    added = sorted(entries.values(), key=lambda entry: entry["id"])
    post_processor = _around(tokenizer["post_processor"], named, ids)
    return {**tokenizer, "added_tokens": added, "post_processor": post_processor}


class _Ids:
    """The id of each token: the vocabulary's, or the next free one."""

    def __init__(self, tokenizer: dict[str, Any]):
        vocab = tokenizer["model"]["vocab"]
        self._ids = dict(vocab) if isinstance(vocab, dict) else {entry[0]: index for index, entry in enumerate(vocab)}
        self._next = len(self._ids) if isinstance(vocab, dict) else len(vocab)
        for entry in tokenizer["added_tokens"]:
            self._ids.setdefault(entry["content"], entry["id"])
            self._next = max(self._next, entry["id"] + 1)

    def of(self, token: str) -> int:
        if token not in self._ids:
            self._ids[token] = self._next
            self._next += 1
        return self._ids[token]


def _named(config: dict[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in _NAMES if name in config}


def _listed(config: dict[str, Any]) -> list[dict[str, Any]]:
    decoder = config.get("added_tokens_decoder") or {}
    return [entry for _, entry in sorted(decoder.items(), key=lambda item: int(item[0]))]


def _by_id(legacy: dict[str, Any], named: dict[str, Any]) -> list[dict[str, Any]]:
    """Entries of added_tokens.json, which has ids only."""
    special = {content_of(token) for token in named.values() if token is not None}
    ordered = sorted(legacy["ids"], key=lambda token: legacy["ids"][token])
    return [{"content": token, "normalized": token not in special, "special": token in special} for token in ordered]


def _extra(config: dict[str, Any]) -> list[Any]:
    tokens = config.get("extra_special_tokens") or config.get("additional_special_tokens") or []
    return list(tokens.values()) if isinstance(tokens, dict) else tokens


def _entry(token: str | dict[str, Any], ids: _Ids, special: bool) -> dict[str, Any]:
    flags = {} if isinstance(token, str) else {name: token[name] for name in _FLAGS if name in token}
    defaults = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": not special, "special": special}
    return {"id": ids.of(content_of(token)), "content": content_of(token), **defaults, **flags}


def _around(config: dict[str, Any] | None, named: dict[str, Any], ids: _Ids) -> dict[str, Any] | None:
    """A template of one token before and one after the text, by their names."""
    if not config or config["type"] != "around":
        return config
    before, after = (
        [content_of(named[name])] if name and named.get(name) else [] for name in (config["before"], config["after"])
    )
    single = [{"SpecialToken": {"id": token, "type_id": 0}} for token in before]
    single.append({"Sequence": {"id": "A", "type_id": 0}})
    single += [{"SpecialToken": {"id": token, "type_id": 0}} for token in after]
    special = {token: {"id": token, "ids": [ids.of(token)], "tokens": [token]} for token in [*before, *after]}
    return {"type": "TemplateProcessing", "single": single, "pair": [], "special_tokens": special}
