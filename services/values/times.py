"""Times as JSON has them."""

from datetime import UTC, datetime


def timestamp(at: datetime) -> str:
    """Formats a time like JavaScript: UTC, milliseconds, Z."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
