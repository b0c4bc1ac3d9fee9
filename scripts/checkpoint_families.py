"""The tiny checkpoints of `freeze_sentence_transformers_checkpoints.py`: together all families and file layouts."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import checkpoint_tokenizers as tokenizers
import torch
import transformers
from safetensors.torch import load_file, save_file

__all__ = ["Checkpoint", "all_checkpoints", "write_json"]


@dataclass(frozen=True)
class Checkpoint:
    """One tiny checkpoint: what it is made of, and how it is stored."""

    config: transformers.PreTrainedConfig
    write_tokenizer: Callable[[Path], None]
    pooling: str | None = "mean"
    max_seq_length: int = 48
    include_prompt: bool = True
    dense: int | None = None
    normalize: bool = False
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt_name: str | None = None
    cases: tuple[dict[str, str], ...] = ({},)
    poolings: tuple[tuple[str, ...], ...] = ()
    older_config: dict[str, object] = field(default_factory=dict)
    dtype: torch.dtype = torch.float32
    finish: Callable[[Path], None] | None = None


def all_checkpoints() -> dict[str, Checkpoint]:
    """The checkpoints by the name of their folder."""
    return bert_checkpoints() | roberta_checkpoints() | decoder_checkpoints()


def encoder_sizes(heads: int = 4, **changes: int) -> dict[str, object]:
    sizes = {"vocab_size": 300, "hidden_size": 24, "intermediate_size": 48, "num_hidden_layers": 2}
    return sizes | {"num_attention_heads": heads, "max_position_embeddings": 48} | changes


def decoder_sizes(**changes: object) -> dict[str, object]:
    special = {"bos_token_id": None, "eos_token_id": 0, "pad_token_id": 0, "num_key_value_heads": 2}
    return encoder_sizes(max_position_embeddings=512, vocab_size=340) | special | changes


def bert_checkpoints() -> dict[str, Checkpoint]:
    words = tokenizers.write_word_piece
    modes = ("cls",), ("mean",), ("max",), ("mean_sqrt_len_tokens",), ("weightedmean",), ("lasttoken",), ("mean", "max")
    distil = {"vocab_size": 300, "dim": 24, "hidden_dim": 48, "n_layers": 2, "n_heads": 3}
    cased = {"vocab_size": 280, "hidden_size": 16, "intermediate_size": 32, "hidden_act": "relu"}
    return {
        "bert": Checkpoint(
            transformers.BertConfig(**encoder_sizes()),
            lambda folder: words(folder, 300),
            normalize=True,
            poolings=modes,
        ),
        "bert_plain": Checkpoint(
            transformers.BertConfig(**encoder_sizes(heads=2, vocab_size=260, hidden_size=16, intermediate_size=32)),
            lambda folder: words(folder, 260, files="vocab.txt"),
            pooling=None,
            finish=as_pretraining_checkpoint,
        ),
        "bert_max": Checkpoint(
            transformers.BertConfig(**encoder_sizes() | cased, layer_norm_eps=0.01),
            lambda folder: words(folder, 280, lowercase=False),
            pooling="max",
            max_seq_length=32,
            finish=as_version_2,
        ),
        "distilbert": Checkpoint(
            transformers.DistilBertConfig(**distil, max_position_embeddings=48),
            lambda folder: words(folder, 300),
            max_seq_length=40,
            dense=20,
        ),
        "mpnet": Checkpoint(
            transformers.MPNetConfig(**encoder_sizes(max_position_embeddings=66, hidden_size=16, intermediate_size=32)),
            lambda folder: tokenizers.write_mpnet_word_piece(folder, 300),
            max_seq_length=64,
        ),
    }


def roberta_checkpoints() -> dict[str, Checkpoint]:
    special = {"bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "type_vocab_size": 1}
    return {
        "roberta": Checkpoint(
            transformers.RobertaConfig(
                **encoder_sizes(vocab_size=340, hidden_size=20, max_position_embeddings=66), **special
            ),
            lambda folder: tokenizers.write_gpt2_bytes(folder, 340),
            pooling="mean_sqrt_len_tokens",
            max_seq_length=64,
        ),
        "xlm_roberta": Checkpoint(
            transformers.XLMRobertaConfig(
                **encoder_sizes(vocab_size=277, hidden_size=16, intermediate_size=32, max_position_embeddings=50),
                **special,
            ),
            lambda folder: tokenizers.write_unigram(folder, 300),
            pooling="cls",
            normalize=True,
            prompts={"query": "query: ", "passage": "passage: "},
            cases=({}, {"prompt_name": "query"}, {"prompt_name": "passage"}, {"prompt": "clustering — "}),
        ),
        "modernbert": Checkpoint(
            transformers.ModernBertConfig(
                **encoder_sizes(heads=2, vocab_size=340, hidden_size=16, intermediate_size=24, num_hidden_layers=4),
                local_attention=8,
                norm_eps=0.001,
                cls_token_id=1,
                bos_token_id=1,
                sep_token_id=2,
                eos_token_id=2,
                pad_token_id=3,
            ),
            lambda folder: tokenizers.write_modern_bytes(folder, 340),
            pooling="cls",
            older_config={"layer_types": None, "rope_parameters": None}
            | {"global_attn_every_n_layers": 3, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0},
        ),
    }


def decoder_checkpoints() -> dict[str, Checkpoint]:
    ask = {"query": "Instruct: Given a question, find texts that answer it\nQuery: "}
    qwen = tokenizers.write_qwen_bytes
    rotary = {"rope_theta": 1000000.0, "rope_type": "default"}
    older = {"layer_types": None, "rope_parameters": None, "rope_theta": 1000000.0, "rope_scaling": None}
    special = {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 2}
    small = decoder_sizes(hidden_size=16, intermediate_size=24, head_dim=8)
    return {
        "mistral": Checkpoint(
            transformers.MistralConfig(
                **decoder_sizes(vocab_size=444, hidden_size=16, intermediate_size=32, sliding_window=8, **special),
                rms_norm_eps=0.001,
            ),
            lambda folder: tokenizers.write_byte_fallback(folder, 60),
            pooling="lasttoken",
            prompts=ask,
            cases=({}, {"prompt_name": "query"}),
            poolings=(("cls",), ("mean",), ("max",), ("weightedmean",), ("lasttoken",)),
            older_config={"rope_parameters": None, "rope_theta": 10000.0},
            finish=with_older_tokenizer_config,
        ),
        "qwen2": Checkpoint(
            transformers.Qwen2Config(**decoder_sizes(), rope_parameters=rotary),
            lambda folder: qwen(folder, 340),
            pooling="lasttoken",
            max_seq_length=64,
            normalize=True,
            older_config=older,
            finish=in_two_shards,
        ),
        "qwen2_weighted": Checkpoint(
            transformers.Qwen2Config(**decoder_sizes(hidden_size=16, intermediate_size=24), rope_parameters=rotary),
            lambda folder: qwen(folder, 340),
            pooling="weightedmean",
            include_prompt=False,
            prompts={"query": "Find an answer: ", "document": "text: "},
            default_prompt_name="document",
            cases=({}, {"prompt_name": "query"}, {"prompt": ""}, {"prompt": "Represent the sentence — "}),
        ),
        "qwen3": Checkpoint(
            transformers.Qwen3Config(**small, rope_parameters=rotary),
            lambda folder: qwen(folder, 340),
            pooling="lasttoken",
            normalize=True,
            prompts=ask | {"document": ""},
            cases=({}, {"prompt_name": "query"}, {"prompt_name": "document"}),
            older_config=older,
            dtype=torch.bfloat16,
        ),
    }


def as_pretraining_checkpoint(folder: Path) -> None:
    """Names as in the files of the first BERT: a prefix, gamma and beta, and the head of the masked language model."""
    tensors = load_file(folder / "model.safetensors")
    renamed = {f"bert.{name}": values for name, values in tensors.items()}
    for name in [name for name in renamed if "LayerNorm" in name]:
        older = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        renamed[older] = renamed.pop(name)
    renamed["cls.predictions.bias"] = torch.zeros(260)
    save_file(renamed, folder / "model.safetensors", {"format": "pt"})


def as_version_2(folder: Path) -> None:
    """The files of sentence-transformers 2: other module names, a flag for each pooling mode."""
    modules = json.loads((folder / "modules.json").read_text())
    for module in modules:
        module["type"] = f"sentence_transformers.models.{module['type'].rsplit('.', 1)[1]}"
    write_json(folder / "modules.json", modules)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 32, "do_lower_case": True})
    modes = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
    flags = {f"pooling_mode_{mode}": mode == "max_tokens" for mode in modes}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 16} | flags)
    versions = {"sentence_transformers": "2.0.0", "transformers": "4.6.1", "pytorch": "1.8.1"}
    write_json(folder / "config_sentence_transformers.json", {"__version__": versions})
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    write_json(folder / "tokenizer_config.json", settings | {"model_max_length": 512})


def with_older_tokenizer_config(folder: Path) -> None:
    """As Mistral's tokenizers lie on the Hub: flags for the tokens at both ends."""
    roles = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    flags = {"add_bos_token": True, "add_eos_token": True, "legacy": True, "use_default_system_prompt": False}
    settings = {"tokenizer_class": "LlamaTokenizer", "model_max_length": 48, "padding_side": "left"}
    write_json(folder / "tokenizer_config.json", settings | roles | flags)


def in_two_shards(folder: Path) -> None:
    model = transformers.AutoModel.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="40KB")


def write_json(path: Path, content: object) -> None:
    """As the libraries write their configurations."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
