"""Resource names and ids: made, parsed and checked."""

import re
from functools import lru_cache

from ulid import ULID

from services.kernel.call.errors import InvalidArgument
from services.kernel.process.tenant_ids import PATTERN, TENANT_ID, WHOLE

# Wide enough for ULIDs, handles and hosts; narrow enough that an id needs no escaping in a URL, a
# log line or a cache key.
_ID = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
IDENTIFIER = re.compile(_ID)


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
