"""Refuses a path that a proxy could read differently, and so pass its rules."""

import re

from gateway.medusa.errors import Problem, Refused

# Escapes of what needs none (letters, digits, - . _ ~), of / \ % and control characters; half an
# escape; a backslash; a dot segment. The routes would read `/%61dmin` as `/admin`.
_AMBIGUOUS = re.compile(
    rb"%(?:[01][0-9a-f]|2[5def]|3[0-9]|[46][1-9a-f]|[57][0-9a]|5[cf]|7[ef])"
    rb"|%(?![0-9a-f]{2})|\\|/\.{1,2}(?=/|$)",
    re.IGNORECASE,
)


def check_path(raw_path: bytes) -> None:
    """Checks a path as it was sent.

    Raises:
        Refused: 400 PATH_INVALID.
    """
    if _AMBIGUOUS.search(raw_path):
        raise Refused(
            Problem(
                400,
                "invalid_data",
                "PATH_INVALID",
                "The path has a backslash, a dot segment, or an escape of a letter, a digit, a"
                " slash, a dot or a control character. Send it plainly.",
            )
        )
