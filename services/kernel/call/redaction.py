"""Redacts our own secrets, recognised by their form, in text from callers."""

import re

# In characters: the gateway cuts a user agent to this, and the audit service checks it.
LONGEST_USER_AGENT = 256
# API keys, one-time tokens and JWTs, also if cut off at the end.
_SECRET = re.compile(r"souk_[a-z]+_[\w-]{8,}|eyJ[\w-]{8,}[\w.-]*")


def redacted(text: str) -> str:
    """Returns a text that is safe for logs and events."""
    return _SECRET.sub("***", text)
