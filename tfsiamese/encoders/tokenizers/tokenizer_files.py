"""From the files of a checkpoint folder to one description of its tokenizer, as transformers 5 comes to it."""

from pathlib import Path
from typing import Any

from tfsiamese.encoders.json_files import read_json
from tfsiamese.encoders.tokenizers.families import FAMILIES, rebuild, tokenizer_family
from tfsiamese.encoders.tokenizers.named_tokens import with_added_tokens
from tfsiamese.encoders.tokenizers.vocabulary_files import read_merges, read_vocabulary, read_xlm_roberta
from tfsiamese.errors import EncoderError

__all__ = ["read_tokenizer"]

_SECTIONS = ("normalizer", "pre_tokenizer", "model", "post_processor", "added_tokens")
_REMEDY = "Save the tokenizer with transformers: AutoTokenizer.from_pretrained(…).save_pretrained(folder)."


def read_tokenizer(folder: str | Path) -> dict[str, Any]:
    """Reads the tokenizer of a Hugging Face or sentence-transformers checkpoint.

    `tokenizer.json` is read where there is one; else vocab.txt (BERT, DistilBERT, MPNet), vocab.json with merges.txt
    (RoBERTa, Qwen2), or sentencepiece.bpe.model (XLM-RoBERTa). As in transformers, several families take nothing but
    the vocabulary from tokenizer.json, and the rest from tokenizer_config.json.

    Args:
        folder: the folder with the files.

    Returns:
        A tokenizer.json as a dict: normalizer, pre_tokenizer, model, post_processor, added_tokens.

    Raises:
        EncoderError: the files are missing, damaged, or of a family that cannot be read without tokenizer.json.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise EncoderError(f"{folder} is not a folder. Expected the folder of a checkpoint, with its tokenizer.json.")
    config = _read_object(folder / "tokenizer_config.json") or {}
    family = tokenizer_family(config, _read_object(folder / "config.json") or {})
    path = folder / "tokenizer.json"
    tokenizer = _read_object(path)
    if tokenizer is None:
        return with_added_tokens(
            _from_vocabulary(folder, family, config), config, family, _legacy(folder, config, None)
        )
    # These two are listened to only where there is no tokenizer.json.
    config = {key: value for key, value in config.items() if key not in ("add_bos_token", "add_eos_token")}
    missing = [section for section in _SECTIONS if section not in tokenizer]
    if missing or not isinstance(tokenizer["model"], dict):
        raise EncoderError(
            f"{path} lacks {', '.join(missing) or 'a model'}. Expected a whole tokenizer.json. {_REMEDY}"
        )
    model = {"type": _model_type(tokenizer["model"], path), **tokenizer["model"]}
    tokenizer = {section: tokenizer[section] for section in _SECTIONS} | {"model": model}
    legacy = _legacy(folder, config, tokenizer["added_tokens"])
    if family in FAMILIES:
        tokenizer = rebuild(family, {**tokenizer, "added_tokens": []}, config)
    return with_added_tokens(tokenizer, config, family, legacy)


def _from_vocabulary(folder: Path, family: str | None, config: dict[str, Any]) -> dict[str, Any]:
    """A tokenizer without special tokens' settings, from older files."""
    whole: dict[str, Any] = dict.fromkeys(_SECTIONS) | {"added_tokens": []}
    if (folder / "vocab.txt").is_file() and family in ("bert", "mpnet"):
        whole["model"] = {"vocab": read_vocabulary(folder / "vocab.txt")}
    elif (folder / "vocab.json").is_file() and (folder / "merges.txt").is_file() and family in ("roberta", "qwen2"):
        vocab = _read_object(folder / "vocab.json")
        whole["model"] = {"vocab": vocab, "merges": read_merges(folder / "merges.txt")}
    elif (folder / "sentencepiece.bpe.model").is_file() and family == "xlm-roberta":
        whole |= read_xlm_roberta(folder / "sentencepiece.bpe.model", config)
    else:
        raise EncoderError(
            f"{folder} holds no tokenizer that can be read: no tokenizer.json, and no vocabulary of a family known "
            f"without one (BERT, MPNet, RoBERTa, Qwen2, XLM-RoBERTa). {_REMEDY}"
        )
    return rebuild(family, whole, config)


def _legacy(folder: Path, config: dict[str, Any], added: list[dict] | None) -> dict[str, Any]:
    """What older files say of special and added tokens; where the configuration lists all of them, nothing."""
    if "added_tokens_decoder" in config:
        return {"added_tokens": [], "special_tokens": {}, "ids": {}}
    return {
        "added_tokens": added or [],
        "special_tokens": _read_object(folder / "special_tokens_map.json") or {},
        "ids": _read_object(folder / "added_tokens.json") or {},
    }


def _model_type(model: dict[str, Any], path: Path) -> str:
    """Files before tokenizers 0.9 don't say what they hold."""
    if "type" in model:
        return model["type"]
    for key, name in (("merges", "BPE"), ("unk_id", "Unigram"), ("continuing_subword_prefix", "WordPiece")):
        if key in model:
            return name
    raise EncoderError(f"{path} does not say what model it holds. {_REMEDY}")


def _read_object(path: Path) -> dict[str, Any] | None:
    """A JSON file that holds an object; None where there is no file."""
    if not path.exists():
        return None
    value = read_json(path)
    if not isinstance(value, dict):
        raise EncoderError(f"{path} holds {type(value).__name__}, expected a JSON object. Get the file again.")
    return value
