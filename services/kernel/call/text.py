"""Checks that text can be stored in PostgreSQL: without null characters.

Lone surrogates cannot occur: protobuf refuses them.
"""

from collections.abc import Iterator
from itertools import islice

from google.protobuf.message import Message

from services.kernel.call.errors import InvalidArgument


def clean(message: Message) -> None:
    """Refuses a request with a null character in any of its strings, keys of maps included.

    Raises:
        InvalidArgument: TEXT_INVALID, with the fields.
    """
    # A null character is a zero byte on the wire. Most requests have no zero byte, so one scan
    # clears them; only the others are walked.
    if b"\x00" not in message.SerializeToString():
        return
    # Ten are enough to see what is wrong, and fit into a gRPC trailer.
    violations = dict.fromkeys(
        islice(_null_characters(message, ""), 10), "must not contain a null character"
    )
    if violations:
        raise InvalidArgument(
            "TEXT_INVALID",
            f"{next(iter(violations))} must not contain a null character.",
            violations,
        )


def _null_characters(message: Message, prefix: str) -> Iterator[str]:
    for field, value in message.ListFields():
        path = f"{prefix}{field.name}"
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            for key, item in value.items():
                yield from _null_characters_in(key, path)
                yield from _null_characters_in(item, path)
        elif field.is_repeated:
            for index, item in enumerate(value):
                yield from _null_characters_in(item, f"{path}[{index}]")
        else:
            yield from _null_characters_in(value, path)


def _null_characters_in(value: object, path: str) -> Iterator[str]:
    if isinstance(value, Message):
        yield from _null_characters(value, f"{path}.")
    elif isinstance(value, str) and "\x00" in value:
        yield path
