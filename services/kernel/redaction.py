"""Our own secrets in texts that people typed, known by their form: people paste them anywhere."""

import re

# What a client calls itself, in characters: the gateway cuts it, and the audit service checks.
LONGEST_USER_AGENT = 256
# API keys and what is sent to somebody once, and every JWT; one that was cut off at the end too.
_SECRET = re.compile(r"souk_[a-z]+_[\w-]{8,}|eyJ[\w-]{8,}[\w.-]*")


def redacted(text: str) -> str:
    """Gives a text as logs and events may have it."""
    return _SECRET.sub("***", text)
