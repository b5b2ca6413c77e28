"""Places in an answer for numbers that are only known when it is sent.

A place is null with a tab before it: valid for whoever reads it as it is. Nothing else in an answer
has a tab, which is escaped in texts, and prepared documents have none between their parts.
"""

from collections.abc import Sequence

import orjson

_BYTES = b"\tnull"
PLACE = orjson.Fragment(_BYTES)


def filled(body: bytes, numbers: Sequence[int | None]) -> bytes:
    """Puts numbers into the places of an answer, in their order; None stays null.

    Raises:
        ValueError: there are more places or fewer.
    """
    first, *others = body.split(_BYTES)
    parts = [first]
    for number, after in zip(numbers, others, strict=True):
        parts += (b"null" if number is None else b"%d" % number, after)
    return b"".join(parts)
