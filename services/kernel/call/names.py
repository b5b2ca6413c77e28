"""Resource names, ids and handles: made, parsed and checked."""

import re
import unicodedata
from functools import lru_cache

from ulid import ULID

from services.kernel.call.errors import InvalidArgument
from services.kernel.process.tenant_ids import PATTERN, TENANT_ID, WHOLE

HANDLE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HANDLE_LENGTH = 100

# Wide enough for ULIDs, handles and hosts; narrow enough that an id needs no escaping in a URL, a
# log line or a cache key.
_ID = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
IDENTIFIER = re.compile(_ID)

# Latin letters that Unicode does not decompose into a base letter and an accent.
_FOLDED = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)


def new_id(prefix: str) -> str:
    """Makes an id such as prod_01J…; ids sort by creation time, to the millisecond."""
    return f"{prefix}_{ULID()}"


def parse(name: str, pattern: str) -> tuple[str, ...]:
    """Extracts the ids from a resource name.

    `pattern` has the form used in the contract's comments: tenants/{tenant}/listings/{listing}.

    Raises:
        InvalidArgument: NAME_INVALID, the name is not of that form.
    """
    match = _compiled(pattern).fullmatch(name)
    if match is None:
        raise InvalidArgument(
            "NAME_INVALID",
            f"Invalid name: it must have the form {pattern}.",
            {"name": f"must have the form {pattern}"},
        )
    return match.groups()


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", pattern)
    fixed, variables = parts[::2], parts[1::2]
    groups = [f"({PATTERN if variable == 'tenant' else _ID})" for variable in variables]
    return re.compile("".join(a + b for a, b in zip(fixed, [*groups, ""], strict=True)))


def tenant_id(text: str) -> str:
    """Checks a caller-chosen tenant id.

    Raises:
        InvalidArgument: TENANT_ID_INVALID.
    """
    if TENANT_ID.fullmatch(text) is None:
        raise InvalidArgument(
            "TENANT_ID_INVALID",
            "Invalid tenant id: use 1 to 63 lower-case letters, digits and hyphens, starting with "
            "a letter and not ending with a hyphen.",
            {"tenant_id": f"must match {WHOLE}"},
        )
    return text


def handle(text: str, field: str = "handle") -> str:
    """Checks a caller-chosen handle.

    Raises:
        InvalidArgument: HANDLE_INVALID.
    """
    if len(text) > HANDLE_LENGTH or HANDLE.fullmatch(text) is None:
        raise InvalidArgument(
            "HANDLE_INVALID",
            f"Invalid handle: use 1 to {HANDLE_LENGTH} lower-case letters and digits, with single "
            "hyphens between them.",
            {field: f"must match ^{HANDLE.pattern}$"},
        )
    return text


def handle_of(title: str) -> str:
    """Derives a handle from a title: accents removed, other characters turned into hyphens.

    Raises:
        InvalidArgument: HANDLE_INVALID, nothing remains, for example of an Arabic title.
    """
    folded = unicodedata.normalize("NFKD", title.casefold().translate(_FOLDED))
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    made = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:HANDLE_LENGTH].rstrip("-")
    if not made:
        raise InvalidArgument(
            "HANDLE_INVALID",
            "No handle can be derived from this title. Provide one.",
            {"handle": "is required, because the title has no Latin letters or digits"},
        )
    return made
