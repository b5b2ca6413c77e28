"""The form of a tenant's id: a host label that begins with a letter."""

import re

LONGEST = 63  # as of any label of a host
PATTERN = rf"[a-z](?:[a-z0-9-]{{0,{LONGEST - 2}}}[a-z0-9])?"
TENANT_ID = re.compile(PATTERN)
WHOLE = f"^{PATTERN}$"
RULE = (
    f"must be 1 to {LONGEST} lower-case letters, digits and hyphens, starting with a letter and not"
    " ending with a hyphen"
)
"""The form in words, for callers."""
