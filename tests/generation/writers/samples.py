"""A key with awkward characters, and a request."""

from typing import Any

from tests.generation.fault_server import FaultServer
from tfsiamese.generation.writers import Request, make_writer

KEY = 'sk-s3cr3t/+"quoted"&key=='
VARIABLE = "A_SERVICES_KEY"

ITEM = {
    "type": "object",
    "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
    "required": ["question", "answer"],
    "additionalProperties": False,
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": ITEM}},
    "required": ["items"],
    "additionalProperties": False,
}
APIS = ("openai", "gemini")


def request(passage: str = "Die Straße führt am Fluss entlang nach Köln.", **options: Any) -> Request:
    return Request("Write pairs.", f"Of this:\n<passage>{passage}</passage>", SCHEMA, **options)


def writer_for(server: FaultServer, api: str, model: str = "any", timeout: float = 5.0):
    """A writer of this API that asks the server; VARIABLE has to hold the key."""
    url = server.openai_url if api == "openai" else server.gemini_url
    return make_writer(f"{api}:{model}", base_url=url, key_variable=VARIABLE, timeout=timeout)
