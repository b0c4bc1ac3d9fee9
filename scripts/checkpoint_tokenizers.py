"""Small tokenizers of each kind, trained on the texts below, for `freeze_sentence_transformers_checkpoints.py`.

Each function writes the tokenizer files of one family into a folder, in the form that checkpoints of that family have.
Needs the packages `tokenizers` and `transformers`.
"""

import json
from collections import Counter
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers.convert_slow_tokenizer import generate_merges

__all__ = [
    "write_byte_fallback",
    "write_gpt2_bytes",
    "write_modern_bytes",
    "write_mpnet_word_piece",
    "write_qwen_bytes",
    "write_unigram",
    "write_word_piece",
]

CORPUS = [
    "The data scientist trains a model, and the machine learning engineer serves it.",
    "A nurse looks after patients in the hospital; a doctor looks at the results.",
    "We're looking for an experienced software engineer who isn't afraid of old code.",
    "It's 7 o'clock: the baker has been at work for 3 hours, and the bread is ready.",
    "In 2024 the company had 1,250 employees in 14 countries, 38.5 % of them engineers.",
    "What does a teacher do when the school is closed? Plans the lessons of next week!",
    "The quick brown fox jumps over the lazy dog near the river bank.",
    "Someone is playing the guitar on the stage while people are singing and dancing.",
    "Der Koch bereitet das Essen für die Gäste zu, während der Kellner die Tische deckt.",
    "Die Straße führt über eine große Brücke; dahinter liegt die Werkstatt des Schreiners.",
    "L'infirmière travaille à l'hôpital, et son frère étudie la médecine à l'université.",
    "El ingeniero diseñó un puente más seguro para los niños de la mañana.",
    "Программист пишет код, а инженер проверяет его работу.",
    "データサイエンティストは東京の会社で働いています。",
    "工程师在北京的公司工作。",
    "print('hello world'); return x_1 + y_2 != 0",
    "https://www.example.org/jobs?id=42&lang=en",
]

QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def write_word_piece(folder: Path, vocab_size: int, *, lowercase: bool = True, files: str = "tokenizer.json") -> None:
    """BERT's. `files="vocab.txt"` leaves tokenizer.json out, as older checkpoints do."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = _word_piece(special, "[UNK]", vocab_size, lowercase)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    roles = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": lowercase, "mask_token": "[MASK]"} | roles
    _write(folder, tokenizer, settings | {"tokenize_chinese_chars": True, "strip_accents": None})
    if files == "vocab.txt":
        (folder / "tokenizer.json").unlink()
        vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
        (folder / "vocab.txt").write_text("".join(f"{token}\n" for token, _ in vocabulary), encoding="utf-8")


def write_mpnet_word_piece(folder: Path, vocab_size: int) -> None:
    """MPNet's: BERT's pieces with RoBERTa's special tokens."""
    tokenizer = _word_piece(["<s>", "<pad>", "</s>", "[UNK]", "<mask>"], "[UNK]", vocab_size, True)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    settings = {"tokenizer_class": "MPNetTokenizer", "do_lower_case": True} | _roberta_roles("[UNK]")
    _write(folder, tokenizer, settings | {"tokenize_chinese_chars": True, "strip_accents": None})


def write_gpt2_bytes(folder: Path, vocab_size: int) -> None:
    """RoBERTa's: bytes, GPT-2's words, a mask token that takes the space before it."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    _train_bytes(tokenizer, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"], vocab_size)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    settings = {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": False, "trim_offsets": True}
    _write(folder, tokenizer, settings | _roberta_roles("<unk>"))


def write_qwen_bytes(folder: Path, vocab_size: int, *, tokenizer_class: str = "Qwen2Tokenizer") -> None:
    """Qwen's: NFC, bytes, the words of its own pattern, <|endoftext|> at the end."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = _split_then_bytes(QWEN_PATTERN)
    tokenizer.decoder = decoders.ByteLevel()
    _train_bytes(tokenizer, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], vocab_size)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A <|endoftext|>", pair="$A $B <|endoftext|>", special_tokens=[("<|endoftext|>", 0)]
    )
    roles = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>", "unk_token": None, "bos_token": None}
    settings = {"tokenizer_class": tokenizer_class, "add_prefix_space": False, "padding_side": "left"}
    _write(folder, tokenizer, settings | roles)


def write_modern_bytes(folder: Path, vocab_size: int) -> None:
    """ModernBERT's: NFC, bytes, GPT-2's words, BERT's special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    _train_bytes(tokenizer, ["[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"], vocab_size)
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B [SEP]", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    roles = {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]"}
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "mask_token": "[MASK]"} | roles
    _write(folder, tokenizer, settings | {"model_input_names": ["input_ids", "attention_mask"]})


def write_unigram(folder: Path, vocab_size: int) -> None:
    """XLM-RoBERTa's: a Unigram model on words that begin with ▁."""
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")]
    )
    trainer = trainers.UnigramTrainer(
        vocab_size=vocab_size, special_tokens=special, unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    # The trainer's scores and order differ in their last digits from run to run.
    pieces = json.loads(tokenizer.to_str())["model"]["vocab"][len(special) :]
    pieces = sorted(((piece, round(score, 2)) for piece, score in pieces), key=lambda item: (-item[1], item[0]))
    tokenizer.model = models.Unigram([(token, 0.0) for token in special] + pieces, unk_id=3)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always")
    tokenizer.add_special_tokens([*special, AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    _write(folder, tokenizer, {"tokenizer_class": "XLMRobertaTokenizer"} | _roberta_roles("<unk>"))


def write_byte_fallback(folder: Path, num_merged: int) -> None:
    """Mistral's as E5 uses it: characters with bytes to fall back on, <s> before the text and </s> after it."""
    special = ["<unk>", "<s>", "</s>"]
    learner = Tokenizer(models.BPE())
    learner.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    learner.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    learner.train_from_iterator(CORPUS, trainers.BpeTrainer(vocab_size=num_merged + 150, show_progress=False))
    learned = [piece for piece, _ in sorted(learner.get_vocab().items(), key=lambda item: item[1])]
    merged = [piece for piece in learned if len(piece) > 1][:num_merged]
    characters = [piece for piece in learned if len(piece) == 1]
    pieces = special + [f"<0x{byte:02X}>" for byte in range(256)] + merged + characters
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    # Every pair that gives a piece is a merge, as in all that come from SentencePiece.
    merges = generate_merges(vocabulary, {piece: -float(number) for piece, number in vocabulary.items()})
    model = models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = learner.normalizer
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens(special)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> <s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    roles = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    settings = {"tokenizer_class": "LlamaTokenizer", "padding_side": "left", "legacy": True}
    _write(folder, tokenizer, settings | roles | {"add_bos_token": True, "add_eos_token": True})


def _word_piece(special: list[str], unknown: str, vocab_size: int, lowercase: bool) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token=unknown))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    pieces = _word_pieces(tokenizer, vocab_size - len(special))
    vocabulary = {piece: number for number, piece in enumerate([*special, *pieces])}
    tokenizer.model = models.WordPiece(vocabulary, unk_token=unknown)
    return tokenizer


def _word_pieces(tokenizer: Tokenizer, num_pieces: int) -> list[str]:
    """The letters, and the commonest beginnings and ends of words; the library's trainer differs from run to run."""
    letters, counts = set(), Counter()
    for text in CORPUS:
        # Chinese and Japanese pieces are left unknown.
        if max(text) < "\u3000":
            for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(tokenizer.normalizer.normalize_str(text)):
                letters.update([word[0], *(f"##{letter}" for letter in word[1:])])
                counts.update(word[:length] for length in range(2, len(word) + 1))
                counts.update(f"##{word[start:]}" for start in range(1, len(word) - 1))
    common = sorted(counts, key=lambda piece: (-counts[piece], -len(piece), piece))
    return sorted(letters) + common[: num_pieces - len(letters)]


def _train_bytes(tokenizer: Tokenizer, special: list[str], vocab_size: int) -> None:
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)


def _split_then_bytes(pattern: str) -> pre_tokenizers.PreTokenizer:
    split = pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False)
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def _roberta_roles(unknown: str) -> dict[str, str]:
    outer = {"bos_token": "<s>", "eos_token": "</s>", "sep_token": "</s>", "cls_token": "<s>"}
    return outer | {"unk_token": unknown, "pad_token": "<pad>", "mask_token": "<mask>"}


def _write(folder: Path, tokenizer: Tokenizer, settings: dict[str, object]) -> None:
    content = json.loads(tokenizer.to_str())
    (folder / "tokenizer.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
