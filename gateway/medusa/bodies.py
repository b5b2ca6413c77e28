"""Parses JSON bodies exactly, and accepts only unambiguous JSON.

The guard limits the size of a body; here it fits into memory.
"""

import json
import re
from collections.abc import Callable, Coroutine, Iterable
from decimal import Decimal, DecimalException
from email.message import Message
from typing import Any, NoReturn

from fastapi import Request, Response
from fastapi.routing import APIRoute

from gateway.medusa.errors import Refused, problem_of_status
from gateway.medusa.headers import single
from services.kernel.call.errors import InvalidArgument
from services.kernel.call.strict_json import RepeatedKey, without_repeats

MOST_LEVELS = 32

# Possessive, and an unclosed string ends with the body, so matching takes linear time.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_ONE_KIND = bytes.maketrans(b"[]{}", b"()()")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


async def json_body(request: Request) -> object:
    """Reads a request's body; an empty one counts as {}.

    Raises:
        Refused: 415, the body is not JSON, or it is compressed; 413 from the guard, it is too
            large.
        InvalidArgument: BODY_INVALID, see `parse`.
    """
    raw = (await request.body()).strip()
    if not raw:
        return {}
    _check_kind(request.scope["headers"])
    return parse(raw)


def _check_kind(headers: Iterable[tuple[bytes, bytes]]) -> None:
    try:
        kind, coding = single(headers, "content-type"), single(headers, "content-encoding")
    except ValueError as repeated:
        raise Refused(problem_of_status(415, f"{repeated}. Send it once.")) from None
    if (coding or "identity").lower() != "identity":
        raise Refused(
            problem_of_status(415, "Send the body uncompressed, without Content-Encoding.")
        )
    if not _is_json(kind or ""):
        raise Refused(problem_of_status(415))


def parse(raw: bytes) -> object:
    """Parses JSON without losing a digit: fractions become Decimal, integers int.

    Raises:
        InvalidArgument: BODY_INVALID, the body is not JSON in UTF-8, contains NaN or infinity, has
            more than MOST_LEVELS levels, has a duplicate key, or has text that no database can
            store (null characters, unpaired surrogates).
    """
    if _is_deep(raw):
        _refuse(f"is nested more than {MOST_LEVELS} levels deep, or its brackets do not match")
    try:
        body: object = json.loads(
            raw.decode(),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=without_repeats,
        )
    except UnicodeDecodeError:
        _refuse("is not UTF-8")
    except json.JSONDecodeError as error:
        _refuse(f"is not valid JSON: {error.msg} at character {error.pos}")
    except RepeatedKey:
        _refuse("has an object with the same key twice")
    # An integer of more than 4,300 digits, or an exponent that Decimal does not support.
    except (ValueError, DecimalException):
        _refuse("contains a number that is too large")
    # Only escapes can express what UTF-8 and JSON themselves refuse.
    if rb"\u" in raw:
        _refuse_unstorable(body)
    return body


class ExactRoute(APIRoute):
    """A route whose body is parsed by `json_body` and then validated by FastAPI.

    FastAPI's own parsing takes the last of duplicate keys, rounds numbers, and reports other
    problems as a 400 without a reason.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def read_exactly(request: Request) -> Response:
            return await handle(_ParsedRequest(request, await json_body(request)))

        return read_exactly if self.body_field else handle


class _ParsedRequest(Request):
    """A request whose body is already parsed: never empty, always JSON."""

    def __init__(self, request: Request, parsed: object) -> None:
        headers = [pair for pair in request.scope["headers"] if pair[0] != b"content-type"]
        headers.append((b"content-type", b"application/json"))
        super().__init__({**request.scope, "headers": headers}, request.receive)
        self._parsed = parsed

    async def body(self) -> bytes:
        return b"{}"

    async def json(self) -> object:
        return self._parsed


def _is_json(content_type: str) -> bool:
    header = Message()
    header["content-type"] = content_type
    kind, charset = header.get_content_type(), header.get_param("charset", "utf-8")
    is_json = kind == "application/json" or re.fullmatch(r"application/[\w.-]+\+json", kind)
    return bool(is_json) and str(charset).lower() in ("utf-8", "utf8")


def _is_deep(raw: bytes) -> bool:
    # Before parsing, because depth harms the recursive parser. Removes all but the brackets, then
    # the innermost pairs, level by level, in linear time.
    if raw.count(b"[") + raw.count(b"{") <= MOST_LEVELS:
        return False
    brackets = _STRING.sub(b"", raw).translate(None, _NO_BRACKET).translate(_ONE_KIND)
    for _ in range(MOST_LEVELS):
        brackets = brackets.replace(b"()", b"")
    return bool(brackets)


def _refuse_constant(name: str) -> NoReturn:
    _refuse(f"contains {name}, which is not a JSON number")


def _refuse_unstorable(value: object) -> None:
    match value:
        case str():
            if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
                _refuse("contains a null character or an unpaired surrogate")
        case dict():
            for key, item in value.items():
                _refuse_unstorable(key)
                _refuse_unstorable(item)
        case list():
            for item in value:
                _refuse_unstorable(item)


def _refuse(text: str) -> NoReturn:
    raise InvalidArgument("BODY_INVALID", f"The request body {text}.", {"body": text})
