"""The tokenizer families that transformers 5 builds anew from their vocabulary, whatever else tokenizer.json says."""

from collections.abc import Callable
from typing import Any

from tfsiamese.encoders.tokenizers.named_tokens import NAMED_TOKENS, content_of

__all__ = ["FAMILIES", "rebuild", "tokenizer_family"]

_Sections = dict[str, Any]

# Of the families that are looked at here: the class that transformers registers for a model type.
_REGISTERED = {
    "bert": "BertTokenizer",
    "distilbert": "BertTokenizer",
    "modernbert": "TokenizersBackend",
    "mistral": "TokenizersBackend",
    "mpnet": "MPNetTokenizer",
    "qwen2": "Qwen2Tokenizer",
    "qwen3": "Qwen2Tokenizer",
    "roberta": "RobertaTokenizer",
    "xlm-roberta": "XLMRobertaTokenizer",
}
# Checkpoints of these types often name a wrong class, which transformers does not listen to.
_NOT_TRUSTED = {"modernbert", "qwen2"}
_CLASSES = {
    "BertTokenizer": "bert",
    "DistilBertTokenizer": "bert",
    "MPNetTokenizer": "mpnet",
    "Qwen2Tokenizer": "qwen2",
    "RobertaTokenizer": "roberta",
    "XLMRobertaTokenizer": "xlm-roberta",
}
_QWEN2_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def tokenizer_family(config: dict[str, Any], model_config: dict[str, Any]) -> str | None:
    """Which family transformers' AutoTokenizer takes a checkpoint for.

    Args:
        config: tokenizer_config.json.
        model_config: config.json.

    Returns:
        A key of `FAMILIES`, or None: tokenizer.json counts as it is.
    """
    model_type = model_config.get("model_type")
    registered = _REGISTERED.get(model_type) if isinstance(model_type, str) else None
    named = config.get("tokenizer_class") or model_config.get("tokenizer_class")
    name = named.removesuffix("Fast") if isinstance(named, str) else registered
    if registered and name != registered and (registered == "TokenizersBackend" or model_type in _NOT_TRUSTED):
        name = registered
    return _CLASSES.get(name) if name else None


def rebuild(family: str | None, tokenizer: _Sections, config: dict[str, Any]) -> _Sections:
    """Keeps the vocabulary and makes all other sections as the family's class does.

    Args:
        family: a key of `FAMILIES`.
        tokenizer: the sections of a tokenizer.json, of which those that are not there may be None.
        config: tokenizer_config.json.
    """
    return {**tokenizer, **FAMILIES[family or ""](tokenizer, config)}


def _bert(tokenizer: _Sections, config: dict[str, Any]) -> _Sections:
    model = {
        "type": "WordPiece",
        "unk_token": _named("bert", "unk_token", config),
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": _ids(tokenizer["model"]["vocab"]),
    }
    normalizer = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": config.get("tokenize_chinese_chars", True),
        "strip_accents": config.get("strip_accents"),
        "lowercase": config.get("do_lower_case", True),
    }
    around = {"type": "around", "before": "cls_token", "after": "sep_token"}
    return {
        "normalizer": normalizer,
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": model,
        "post_processor": around,
    }


def _roberta(tokenizer: _Sections, config: dict[str, Any]) -> _Sections:
    return {
        "normalizer": None,
        "pre_tokenizer": _byte_level(config, use_regex=True),
        "model": _byte_level_model(tokenizer["model"]),
        "post_processor": {"type": "around", "before": "cls_token", "after": "sep_token"},
    }


def _qwen2(tokenizer: _Sections, config: dict[str, Any]) -> _Sections:
    split = {"type": "Split", "pattern": {"Regex": _QWEN2_PATTERN}, "behavior": "Isolated", "invert": False}
    around = {
        "type": "around",
        "before": "bos_token" if config.get("add_bos_token") else None,
        "after": "eos_token" if config.get("add_eos_token") else None,
    }
    return {
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [split, _byte_level(config, use_regex=False)]},
        "model": _byte_level_model(tokenizer["model"]),
        "post_processor": tokenizer["post_processor"] or around,
    }


def _xlm_roberta(tokenizer: _Sections, config: dict[str, Any]) -> _Sections:
    scheme = "always" if config.get("add_prefix_space", True) else "never"
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": True}
    return {
        "normalizer": _first_precompiled(tokenizer["normalizer"]),
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace]},
        "model": {"type": "Unigram", "unk_id": 3, "vocab": tokenizer["model"]["vocab"], "byte_fallback": False},
        "post_processor": {"type": "around", "before": "bos_token", "after": "eos_token"},
    }


# What makes the sections of each family; "around" is resolved when the ids of the named tokens are known.
FAMILIES: dict[str, Callable[[_Sections, dict[str, Any]], _Sections]] = {
    "bert": _bert,
    "mpnet": _bert,
    "qwen2": _qwen2,
    "roberta": _roberta,
    "xlm-roberta": _xlm_roberta,
}


def _named(family: str, name: str, config: dict[str, Any]) -> str | None:
    token = config.get(name, NAMED_TOKENS[family].get(name))
    return None if token is None else content_of(token)


def _byte_level(config: dict[str, Any], use_regex: bool) -> dict[str, Any]:
    prefix = bool(config.get("add_prefix_space"))
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": use_regex}


def _byte_level_model(model: dict[str, Any]) -> dict[str, Any]:
    empty = {"continuing_subword_prefix": "", "end_of_word_suffix": ""}
    flags = {"fuse_unk": False, "byte_fallback": False, "ignore_merges": False}
    parts = {"vocab": _ids(model["vocab"]), "merges": model["merges"]}
    return {"type": "BPE", "dropout": None, "unk_token": None, **empty, **flags, **parts}


def _ids(vocab: dict[str, int] | list) -> dict[str, int]:
    return vocab if isinstance(vocab, dict) else {entry[0]: index for index, entry in enumerate(vocab)}


def _first_precompiled(normalizer: dict[str, Any] | None) -> dict[str, Any] | None:
    """Of a normalizer or a Sequence, the character map: nothing else is taken over."""
    if normalizer is None:
        return None
    parts = normalizer.get("normalizers", []) if normalizer.get("type") == "Sequence" else [normalizer]
    return next((part for part in parts if part.get("type") == "Precompiled"), None)
