"""What is expected here is what transformers 5.23's AutoTokenizer ends up with for the same files."""

import json
import struct

import pytest

from tfsiamese.encoders.tokenizers import Tokenizer, read_tokenizer
from tfsiamese.encoders.tokenizers.sentence_piece_model import Algorithm, Piece, PieceType, parse_model, serialize_bpe
from tfsiamese.encoders.tokenizers.special_tokens import read_special_tokens
from tfsiamese.errors import EncoderError

BERT_TOKENS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##c"]
ROBERTA_TOKENS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "b", "ab"]


def whole(**sections):
    vocab = {token: index for index, token in enumerate(BERT_TOKENS)}
    model = {"type": "WordPiece", "unk_token": "[UNK]", "vocab": vocab, "max_input_chars_per_word": 7}
    normalizer = {"type": "Lowercase"}
    empty = {"pre_tokenizer": None, "post_processor": None, "added_tokens": []}
    return {"version": "1.0", "normalizer": normalizer, "model": model, **empty, **sections}


def byte_level(**sections):
    vocab = {token: index for index, token in enumerate(ROBERTA_TOKENS)}
    return whole(model={"type": "BPE", "vocab": vocab, "merges": ["a b"]}, normalizer=None, **sections)


@pytest.fixture
def folder(tmp_path):
    def write(files):
        for name, content in files.items():
            if isinstance(content, bytes):
                (tmp_path / name).write_bytes(content)
            else:
                text = content if isinstance(content, str) else json.dumps(content)
                (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return write


def by_content(tokenizer):
    return {token["content"]: token for token in tokenizer["added_tokens"]}


def test_a_tokenizer_of_no_special_family_is_taken_as_it_is(folder):
    entry = {"id": 3, "content": "[SEP]", "lstrip": True, "normalized": True, "special": False}
    path = folder({"tokenizer.json": whole(added_tokens=[entry]), "config.json": {"model_type": "modernbert"}})
    found = read_tokenizer(path)
    assert found["normalizer"] == {"type": "Lowercase"}
    assert found["model"]["max_input_chars_per_word"] == 7
    assert by_content(found)["[SEP]"]["lstrip"] and by_content(found)["[SEP]"]["normalized"]


@pytest.mark.parametrize("model_type", ["bert", "distilbert"])
def test_berts_normalizer_follows_the_configuration_and_not_the_file(folder, model_type):
    config = {"tokenizer_class": "BertTokenizerFast", "do_lower_case": False, "strip_accents": True}
    path = folder(
        {"tokenizer.json": whole(), "tokenizer_config.json": config, "config.json": {"model_type": model_type}}
    )
    found = read_tokenizer(path)
    assert found["normalizer"] == {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": True,
        "lowercase": False,
    }
    assert found["model"]["max_input_chars_per_word"] == 100
    assert read_special_tokens(found["post_processor"]).before == (2,)
    assert read_special_tokens(found["post_processor"]).after == (3,)


def test_a_bert_without_configuration_is_lowercased(folder):
    path = folder({"tokenizer.json": whole(), "config.json": {"model_type": "bert"}})
    assert read_tokenizer(path)["normalizer"]["lowercase"] is True


def test_a_bert_that_names_the_general_class_is_taken_as_it_is(folder):
    config = {"tokenizer_class": "PreTrainedTokenizerFast"}
    path = folder({"tokenizer.json": whole(), "tokenizer_config.json": config, "config.json": {"model_type": "bert"}})
    assert read_tokenizer(path)["normalizer"] == {"type": "Lowercase"}


def test_vocab_txt_gives_a_whole_tokenizer(folder):
    special = {"mask_token": {"content": "[MASK]", "lstrip": True, "normalized": False}}
    path = folder(
        {
            "vocab.txt": "\n".join(BERT_TOKENS) + "\n",
            "tokenizer_config.json": {"tokenizer_class": "BertTokenizer"},
            "special_tokens_map.json": special,
        }
    )
    found = read_tokenizer(path)
    assert found["model"]["vocab"] == {token: index for index, token in enumerate(BERT_TOKENS)}
    assert {token: entry["id"] for token, entry in by_content(found).items()} == dict(
        zip(BERT_TOKENS[:5], range(5), strict=True)
    )
    assert by_content(found)["[MASK]"]["lstrip"] and not by_content(found)["[CLS]"]["lstrip"]
    assert Tokenizer(found).tokenize(["AC [MASK]"]).ids.to_list() == [[2, 5, 7, 4, 3]]


def test_vocab_txt_splits_lines_at_line_feeds_only(folder):
    path = folder({"vocab.txt": "[UNK]\n\u2028\n\x85x\r\n\n", "config.json": {"model_type": "bert"}})
    assert list(read_tokenizer(path)["model"]["vocab"]) == ["[UNK]", "\u2028", "\x85x", ""]


def test_mpnets_mask_takes_the_whitespace_before_it(folder):
    tokens = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>", "a"]
    path = folder({"vocab.txt": "\n".join(tokens), "tokenizer_config.json": {"tokenizer_class": "MPNetTokenizer"}})
    found = read_tokenizer(path)
    assert by_content(found)["<mask>"]["lstrip"]
    assert Tokenizer(found).tokenize(["a  <mask> a"]).ids.to_list() == [[0, 5, 4, 5, 2]]


def test_the_list_of_added_tokens_overrides_the_file_and_adds_to_it(folder):
    flags = {"lstrip": True, "rstrip": False, "normalized": False, "single_word": False, "special": True}
    decoder = {"4": {"content": "[MASK]", **flags}, "900": {"content": "new", **flags}}
    entry = {"id": 4, "content": "[MASK]", "lstrip": False, "normalized": True, "special": True}
    path = folder(
        {"tokenizer.json": whole(added_tokens=[entry]), "tokenizer_config.json": {"added_tokens_decoder": decoder}}
    )
    found = by_content(read_tokenizer(path))
    assert found["[MASK]"]["lstrip"] and not found["[MASK]"]["normalized"]
    assert found["new"]["id"] == len(BERT_TOKENS)


def test_added_tokens_json_is_read_where_there_is_no_list(folder):
    path = folder(
        {
            "vocab.txt": "\n".join(BERT_TOKENS),
            "config.json": {"model_type": "bert"},
            "added_tokens.json": {"second": 9, "first": 8},
        }
    )
    found = by_content(read_tokenizer(path))
    assert (found["first"]["id"], found["second"]["id"], found["first"]["normalized"]) == (8, 9, True)


def test_robertas_prefix_space_follows_the_configuration(folder):
    config = {"tokenizer_class": "RobertaTokenizer", "add_prefix_space": True}
    path = folder({"tokenizer.json": byte_level(), "tokenizer_config.json": config})
    found = read_tokenizer(path)
    assert found["pre_tokenizer"]["type"] == "ByteLevel" and found["pre_tokenizer"]["add_prefix_space"] is True
    assert found["model"]["unk_token"] is None
    special = read_special_tokens(found["post_processor"])
    assert (special.before, special.after) == ((0,), (2,))


def test_vocab_json_and_merges_txt_give_a_whole_tokenizer(folder):
    files = {"vocab.json": byte_level()["model"]["vocab"], "merges.txt": "#version: 0.2\na b\n"}
    path = folder({**files, "config.json": {"model_type": "roberta"}})
    found = read_tokenizer(path)
    assert found["model"]["merges"] == [["a", "b"]]
    assert Tokenizer(found).tokenize(["abba"]).ids.to_list() == [[0, 7, 6, 5, 2]]


def test_a_merge_that_is_no_pair_is_reported_with_its_line(folder):
    path = folder({"vocab.json": {"a": 0}, "merges.txt": "#version\na b c\n", "config.json": {"model_type": "roberta"}})
    with pytest.raises(EncoderError, match=r"merges.txt, line 2: .*'a b c'"):
        read_tokenizer(path)


def test_qwen_keeps_the_post_processor_of_the_file(folder):
    single = [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}]
    template = {"type": "TemplateProcessing", "single": single, "special_tokens": {"</s>": {"ids": [2]}}}
    config = {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "</s>", "add_eos_token": False}
    path = folder({"tokenizer.json": byte_level(post_processor=template), "tokenizer_config.json": config})
    found = read_tokenizer(path)
    assert found["normalizer"] == {"type": "NFC"}
    assert read_special_tokens(found["post_processor"]).after == (2,)


@pytest.mark.parametrize(("with_file", "expected"), [(True, ()), (False, (2,))])
def test_add_eos_token_counts_only_without_tokenizer_json(folder, with_file, expected):
    config = {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "</s>", "add_eos_token": True}
    vocab = byte_level()["model"]["vocab"]
    files = {"tokenizer.json": byte_level()} if with_file else {"vocab.json": vocab, "merges.txt": "a b"}
    found = read_tokenizer(folder({**files, "tokenizer_config.json": config}))
    assert read_special_tokens(found["post_processor"]).after == expected


def test_xlm_roberta_keeps_only_the_character_map_of_its_normalizer(folder):
    charsmap = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    replace = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
    vocab = [[token, 0.0] for token in ("<s>", "<pad>", "</s>", "<unk>", "▁a", "<mask>")]
    tokenizer = whole(
        normalizer={"type": "Sequence", "normalizers": [charsmap, replace]},
        model={"type": "Unigram", "unk_id": 0, "vocab": vocab},
    )
    path = folder({"tokenizer.json": tokenizer, "config.json": {"model_type": "xlm-roberta"}})
    found = read_tokenizer(path)
    assert found["normalizer"] == charsmap
    assert [part["type"] for part in found["pre_tokenizer"]["pretokenizers"]] == ["WhitespaceSplit", "Metaspace"]
    assert found["model"]["unk_id"] == 3


def sentence_piece(pieces, algorithm):
    """A ModelProto by hand: pieces (field 1), the trainer's model_type (field 3 of field 2)."""

    def field(number, value):
        return bytes([number << 3 | 2, len(value)]) + value

    listed = b"".join(
        field(1, field(1, text.encode()) + b"\x15" + struct.pack("<f", score) + bytes([0x18, kind]))
        for text, score, kind in pieces
    )
    return listed + field(2, bytes([0x18, algorithm]))


def test_xlm_robertas_ids_are_one_more_than_sentence_pieces(folder):
    model = sentence_piece([("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3), ("▁a", -1.5, 1), ("b", -2.5, 1)], 1)
    path = folder({"sentencepiece.bpe.model": model, "config.json": {"model_type": "xlm-roberta"}})
    found = read_tokenizer(path)
    tokens = [piece for piece, _ in found["model"]["vocab"]]
    assert tokens == ["<s>", "<pad>", "</s>", "<unk>", "▁a", "b", "<mask>"]
    assert Tokenizer(found).tokenize(["ab  a<mask>"]).ids.to_list() == [[0, 4, 5, 4, 6, 2]]


def test_a_sentence_piece_model_of_another_algorithm_is_refused(folder):
    model = sentence_piece([("<unk>", 0, 2)], 2)
    path = folder({"sentencepiece.bpe.model": model, "config.json": {"model_type": "xlm-roberta"}})
    with pytest.raises(EncoderError, match="is a BPE model"):
        read_tokenizer(path)


@pytest.mark.parametrize("content", [b"", b"no model at all", b"\x0a\x7fcut"])
def test_a_damaged_sentence_piece_model_is_refused(folder, content):
    path = folder({"sentencepiece.bpe.model": content, "config.json": {"model_type": "xlm-roberta"}})
    with pytest.raises(EncoderError, match="sentencepiece.bpe.model: .*cannot be read"):
        read_tokenizer(path)


def test_a_model_that_is_written_can_be_read():
    pieces = [
        Piece("<unk>", 0.0, PieceType.UNKNOWN),
        Piece("▁é", -1.5, PieceType.NORMAL),
        Piece("x" * 300, -2.0, PieceType(3)),
    ]
    model = parse_model(serialize_bpe(pieces, byte_fallback=True))
    assert model.pieces == pieces
    assert model.algorithm == Algorithm.BPE
    assert not any(model.charsmap[4:])


def test_a_file_that_does_not_say_its_model_is_understood(folder):
    tokenizer = byte_level()
    del tokenizer["model"]["type"]
    assert read_tokenizer(folder({"tokenizer.json": tokenizer}))["model"]["type"] == "BPE"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "tokenizer.json is not JSON"),
        ("[]", "tokenizer.json holds list, expected a JSON object"),
        ("{}", "tokenizer.json lacks normalizer, pre_tokenizer, model"),
        (json.dumps(whole(model=None)), "tokenizer.json lacks a model"),
        (json.dumps(whole(model={"vocab": {}})), "does not say what model"),
    ],
)
def test_a_damaged_tokenizer_json_is_refused_by_name(folder, content, message):
    with pytest.raises(EncoderError, match=message):
        read_tokenizer(folder({"tokenizer.json": content}))


def test_a_folder_without_tokenizer_is_refused_with_a_remedy(folder, tmp_path):
    with pytest.raises(EncoderError, match="no tokenizer that can be read.*save_pretrained"):
        read_tokenizer(folder({"tokenizer.model": b"", "config.json": {"model_type": "mistral"}}))
    with pytest.raises(EncoderError, match="not a folder"):
        read_tokenizer(tmp_path / "absent")
