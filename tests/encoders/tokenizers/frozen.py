"""The files beside this one that scripts/freeze_hugging_face_tokens_*.py wrote."""

import json
from pathlib import Path
from typing import Any

__all__ = ["read_frozen"]


def read_frozen(name: str) -> dict[str, Any]:
    """hugging_face_{name}.json; a character map that several tokenizers have stands in it once."""
    text = Path(__file__).with_name(f"hugging_face_{name}.json").read_text(encoding="utf-8")
    return json.loads(text.replace("CHARSMAP", json.loads(text).get("charsmap", "CHARSMAP")))
