"""What training puts before the texts of a data set."""

from tfsiamese.encoders import Encoder
from tfsiamese.errors import SettingsError
from tfsiamese.pairs import Examples
from tfsiamese.search.prompts import Prompts, chosen_prompts, retrieval_prompts
from tfsiamese.training.settings import TrainingSettings

__all__ = ["prompts_before_texts"]


def prompts_before_texts(examples: Examples, settings: TrainingSettings, encoder: Encoder) -> dict[str, str]:
    """The prompts of both sides as keyword arguments of `text_ids`, "" where the encoder adds what is needed itself.

    Anchors with positives get the encoder's prompts for queries and passages, unless the settings name others; scored
    pairs and texts with classes get what the settings name.

    Raises:
        SettingsError: the encoder has no such prompt, or adds one itself that is not wanted here, or pools without
            the tokens of a prompt.
    """
    find = retrieval_prompts if examples.shape == "triplets" else chosen_prompts
    prompts: Prompts = find(encoder, settings.query_prompt, settings.passage_prompt)
    return {
        "query_prompt": _before(encoder, prompts.query, "query_prompt"),
        "passage_prompt": _before(encoder, prompts.passage, "passage_prompt"),
    }


def _before(encoder: Encoder, prompt: str | None, setting: str) -> str:
    name = encoder.default_prompt_name
    default = encoder.prompts.get(name, "") if name else ""
    if prompt is None or prompt == default:
        return ""
    if default:
        raise SettingsError(
            f"{encoder.source} puts its default prompt {name!r} before every text, so that training cannot put "
            f"{prompt!r} there. Name the default one for both sides: query_prompt={name!r}, passage_prompt={name!r}."
        )
    if encoder.skips_prompts:
        raise SettingsError(
            f"{encoder.source} leaves the tokens of a prompt out of its pooling, which training cannot do yet. Train "
            f"without prompts: query_prompt='', passage_prompt=''. Received for {setting}: {prompt!r}."
        )
    return prompt
