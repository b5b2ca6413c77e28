"""Resource names and ids: made, parsed and checked."""

import re
import secrets
from base64 import b32encode
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ulid import ULID

from services.kernel.call.errors import InvalidArgument
from services.kernel.process.tenant_ids import PATTERN, RULE, TENANT_ID

# Wide enough for ULIDs, handles and hosts; narrow enough that an id needs no escaping in a URL, a
# log line or a cache key.
_ID = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
_EPOCH = datetime.fromtimestamp(0, UTC)
IDENTIFIER = re.compile(_ID)


def new_id(prefix: str) -> str:
    """Makes an id such as prod_01J…; ids sort by creation time, to the millisecond."""
    return f"{prefix}_{ULID()}"


def new_unguessable_id(prefix: str) -> str:
    """Makes an id of 130 random bits, for what whoever knows the id may use, such as a cart.

    It has the form of other ids, but does not sort by time.
    """
    return f"{prefix}_{b32encode(secrets.token_bytes(17)).decode()[:26]}"


def created_at(id_: str) -> datetime | None:
    """Returns when an id was made, to the millisecond; None if `new_id` did not make it."""
    try:
        return ULID.from_str(id_.rpartition("_")[2]).datetime
    except ValueError:
        return None


def first_id(prefix: str, at: datetime) -> str:
    """Returns the least id that `new_id` can make at a time, to the millisecond."""
    milliseconds = (max(at, _EPOCH) - _EPOCH) // timedelta(milliseconds=1)
    # ULID.from_timestamp would take it for the time of the last id, after which all others sort.
    return f"{prefix}_{ULID.from_bytes(milliseconds.to_bytes(6) + bytes(10))}"


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
            f"Invalid tenant id: it {RULE}.",
            {"tenant_id": RULE},
        )
    return text
