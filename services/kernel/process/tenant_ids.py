"""The form of a tenant's id: a host label that begins with a letter, at most 63 characters."""

import re

PATTERN = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
TENANT_ID = re.compile(PATTERN)
WHOLE = f"^{PATTERN}$"
