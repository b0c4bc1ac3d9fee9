"""Errors as TensorFlow Serving's REST API answers them: a TensorFlow code, its HTTP status, a message."""

import orjson

from tfsiamese.errors import ServingError

__all__ = ["RestError", "error_body", "invalid_argument"]

# In the order of TensorFlow's numbers, from 1 on: https://www.tensorflow.org/api_docs/python/tf/errors
_HTTP_STATUS = {
    "CANCELLED": 499,
    "UNKNOWN": 500,
    "INVALID_ARGUMENT": 400,
    "DEADLINE_EXCEEDED": 504,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "PERMISSION_DENIED": 403,
    "RESOURCE_EXHAUSTED": 429,
    "FAILED_PRECONDITION": 400,
    "ABORTED": 409,
    "OUT_OF_RANGE": 400,
    "UNIMPLEMENTED": 501,
    "INTERNAL": 500,
    "UNAVAILABLE": 503,
    "DATA_LOSS": 500,
    "UNAUTHENTICATED": 401,
}
_NAMES = tuple(_HTTP_STATUS)


class RestError(ServingError):
    """A request that is answered with an error.

    Attributes:
        code: TensorFlow's name of the kind, such as `INVALID_ARGUMENT`.
        message: what the client reads.
        http_status: of the answer.
    """

    def __init__(self, code: str, message: str, http_status: int | None = None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.http_status = http_status or _HTTP_STATUS[code]

    @classmethod
    def from_number(cls, number: int, message: str) -> "RestError":
        """From the `error_code` and the `message` of a `tf.errors.OpError`."""
        return cls(_NAMES[number - 1] if 1 <= number <= len(_NAMES) else "UNKNOWN", message)


def invalid_argument(message: str) -> RestError:
    """The error of requests that are wrong in themselves; status 400."""
    return RestError("INVALID_ARGUMENT", message)


def error_body(message: str) -> bytes:
    """The body of an answer that is an error."""
    # What a client sent can be quoted in the message, lone surrogates and all.
    return orjson.dumps({"error": message.encode("utf-8", "backslashreplace").decode("utf-8")})
