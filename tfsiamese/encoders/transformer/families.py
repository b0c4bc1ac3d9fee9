"""The families of transformers that are known, by the `model_type` of their config.json."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tfsiamese.encoders.transformer import bert, decoder, distilbert, modernbert, mpnet
from tfsiamese.encoders.transformer.configuration import TransformerConfiguration
from tfsiamese.encoders.transformer.weight_map import WeightMap
from tfsiamese.errors import EncoderError

__all__ = ["FAMILIES", "Family", "family_of"]


@dataclass(frozen=True)
class Family:
    """What a family's checkpoints mean.

    Attributes:
        configure: config.json -> the shape of the transformer.
        map_weights: the shape -> where the weights lie.
        prefixes: what may stand before every tensor's name.
        defaults: values that config.json may leave out, as transformers has them.
    """

    configure: Callable[[dict[str, Any]], TransformerConfiguration]
    map_weights: Callable[[TransformerConfiguration], WeightMap]
    prefixes: tuple[str, ...]
    defaults: dict[str, Any]


FAMILIES: dict[str, Family] = {
    "bert": Family(bert.configure_bert, bert.map_weights, ("bert.",), bert.BERT_DEFAULTS),
    "distilbert": Family(distilbert.configure, distilbert.map_weights, ("distilbert.",), distilbert.DEFAULTS),
    "mistral": Family(decoder.configure_mistral, decoder.map_weights, ("model.",), decoder.MISTRAL_DEFAULTS),
    "modernbert": Family(modernbert.configure, modernbert.map_weights, ("model.",), modernbert.DEFAULTS),
    "mpnet": Family(mpnet.configure, mpnet.map_weights, ("mpnet.",), mpnet.DEFAULTS),
    "qwen2": Family(decoder.configure_qwen2, decoder.map_weights, ("model.",), decoder.QWEN2_DEFAULTS),
    "qwen3": Family(decoder.configure_qwen3, decoder.map_weights, ("model.",), decoder.QWEN3_DEFAULTS),
    "roberta": Family(bert.configure_roberta, bert.map_weights, ("roberta.",), bert.ROBERTA_DEFAULTS),
    "xlm-roberta": Family(bert.configure_roberta, bert.map_weights, ("roberta.",), bert.XLM_ROBERTA_DEFAULTS),
}


def family_of(config: dict[str, Any], source: str) -> Family:
    """The family of a config.json.

    Raises:
        EncoderError: it is not known.
    """
    model_type = config.get("model_type")
    if not isinstance(model_type, str) or model_type not in FAMILIES:
        raise EncoderError(
            f"{source} is of the model_type {model_type!r}, which is not supported. Expected one of "
            f"{', '.join(FAMILIES)}."
        )
    return FAMILIES[model_type]
