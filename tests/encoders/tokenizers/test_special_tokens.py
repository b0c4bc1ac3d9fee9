import pytest

from tfsiamese.encoders.tokenizers.special_tokens import SpecialTokens, read_special_tokens
from tfsiamese.errors import EncoderError

TEXT = {"Sequence": {"id": "A", "type_id": 0}}


def special(token, type_id=0):
    return {"SpecialToken": {"id": token, "type_id": type_id}}


def template(*single):
    ids = {"[CLS]": [101], "[SEP]": [102], "[TWO]": [7, 8]}
    tokens = {token: {"id": token, "ids": ids[token], "tokens": [token] * len(ids[token])} for token in ids}
    return {"type": "TemplateProcessing", "single": list(single), "pair": [], "special_tokens": tokens}


def test_without_a_post_processor_there_are_none():
    assert read_special_tokens(None) == SpecialTokens((), ())
    assert read_special_tokens({"type": "ByteLevel", "trim_offsets": True}).num_special == 0


def test_a_template_gives_the_ids_before_and_after_the_text():
    found = read_special_tokens(template(special("[CLS]"), TEXT, special("[SEP]")))
    assert found == SpecialTokens((101,), (102,))
    assert found.num_special == 2


def test_a_token_of_a_template_may_have_several_ids():
    assert read_special_tokens(template(TEXT, special("[TWO]"), special("[SEP]"))) == SpecialTokens((), (7, 8, 102))


@pytest.mark.parametrize("name", ["BertProcessing", "RobertaProcessing"])
def test_bert_and_roberta_name_the_two_tokens(name):
    assert read_special_tokens({"type": name, "sep": ["</s>", 2], "cls": ["<s>", 0]}) == SpecialTokens((0,), (2,))


def test_a_later_processor_of_a_sequence_goes_around_the_earlier():
    inner, outer = template(special("[CLS]"), TEXT), template(special("[TWO]"), TEXT, special("[SEP]"))
    byte_level = {"type": "ByteLevel"}
    found = read_special_tokens({"type": "Sequence", "processors": [byte_level, inner, outer]})
    assert found == SpecialTokens((7, 8, 101), (102,))


def test_token_types_other_than_zero_are_refused():
    with pytest.raises(EncoderError, match="token types"):
        read_special_tokens(template(special("[CLS]"), TEXT, special("[SEP]", type_id=1)))


@pytest.mark.parametrize("single", [[special("[CLS]")], [TEXT, TEXT], [TEXT, {"Sequence": {"id": "B", "type_id": 0}}]])
def test_a_template_that_is_not_around_one_text_is_refused(single):
    with pytest.raises(EncoderError, match="around one text"):
        read_special_tokens(template(*single))


@pytest.mark.parametrize(
    "config",
    [
        {"type": "TemplateProcessing"},
        template(special("[GONE]"), TEXT),
        {"type": "BertProcessing", "sep": ["[SEP]"], "cls": ["[CLS]", 1]},
        {"type": "Sequence", "processors": None},
    ],
)
def test_a_damaged_post_processor_is_refused(config):
    with pytest.raises(EncoderError, match="incomplete or damaged"):
        read_special_tokens(config)


def test_another_post_processor_is_refused_by_name():
    with pytest.raises(EncoderError, match="'Novel'"):
        read_special_tokens({"type": "Novel"})
