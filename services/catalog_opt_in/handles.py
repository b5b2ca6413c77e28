"""Handles: the part of a URL that names a product, a collection or a category."""

import re

from souk.catalog_opt_in.v1.product_pb2 import Product

from services.catalog_opt_in.folding import fold
from services.kernel.call.errors import InvalidArgument
from services.kernel.call.limits import most_characters

LENGTH = most_characters(Product, "handle")
PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_ALLOWED = "lower-case letters and digits, with single hyphens between them"


def checked(text: str) -> str:
    """Returns a caller-chosen handle as it is.

    Raises:
        InvalidArgument: HANDLE_INVALID.
    """
    if PATTERN.fullmatch(text) is None:
        raise InvalidArgument(
            "HANDLE_INVALID",
            f"Invalid handle: use {_ALLOWED}.",
            {"handle": f"must be {_ALLOWED}"},
        )
    return text


def from_title(title: str) -> str:
    """Derives a handle from a title in any script.

    Raises:
        InvalidArgument: HANDLE_INVALID, the title has neither letters nor digits.
    """
    made = re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")[:LENGTH].rstrip("-")
    if not made:
        raise InvalidArgument(
            "HANDLE_INVALID",
            "No handle can be derived from this title. Provide one.",
            {"handle": "is required, because the title has no letters or digits"},
        )
    return made
