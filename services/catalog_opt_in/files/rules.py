"""Which files are taken up."""

import re

# What browsers, and whoever makes thumbnails, can unpack: 200 MB of memory.
MOST_PIXELS = 50_000_000
# Of one tenant.
MOST_FILES = 100_000
_SHA256 = re.compile(r"[0-9a-f]{64}")


def problem(
    *, media_type: str | None, size_bytes: int, width: int, height: int, sha256: str
) -> str | None:
    """Returns what is wrong with a file, or None; `media_type` is None if it is not known."""
    if media_type is None:
        return "must be a JPEG, PNG, WebP, GIF or AVIF picture"
    if min(size_bytes, width, height) <= 0:
        return "must not be empty"
    if width * height > MOST_PIXELS:
        return f"must have at most {MOST_PIXELS:,} pixels, but is {width} × {height}"  # noqa: RUF001
    if not _SHA256.fullmatch(sha256):
        return "must come with its SHA-256"
    return None
