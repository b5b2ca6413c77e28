"""What a picture is and how large: by its bytes, whatever its name or its sender says.

Nothing is decoded. A picture's size is in its head, and a small file can claim a size whose pixels
no machine can hold.
"""

import io
from dataclasses import dataclass

import imagesize

# Before the size come at most colour profiles and what a camera notes. More is not looked through.
_HEAD_BYTES = 512 * 1024
# As far as JPEG, GIF and browsers go. A PNG can claim sides that no integer of a record holds.
_LONGEST_SIDE = 65_535
_UNKNOWN = "is not a JPEG, PNG, WebP, GIF or AVIF picture"
_SVG = "is an SVG, which can hold scripts; export it as PNG or WebP"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: its kind, as in image/png, and its size in pixels."""

    kind: str
    width: int
    height: int


def kind_of(content: bytes) -> str | None:
    """Returns jpeg, png, webp, gif or avif; None if it is nothing of the kind."""
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    if content[4:8] == b"ftyp" and content[8:12] in (b"avif", b"avis"):
        return "avif"
    return None


def read(content: bytes) -> Picture:
    """Reads a picture's kind and size.

    Raises:
        ValueError: it is none that Souk takes; the text says why.
    """
    kind = kind_of(content)
    if kind is None:
        raise ValueError(_SVG if b"<svg" in content[:_HEAD_BYTES].lower() else _UNKNOWN)
    width, height = imagesize.get(io.BytesIO(content[:_HEAD_BYTES]), exif_rotation=False)
    if min(width, height) <= 0:
        raise ValueError("is a picture whose width and height cannot be read")
    if max(width, height) > _LONGEST_SIDE:
        text = f"must have at most {_LONGEST_SIDE:,} pixels a side, but is {width} × {height}"  # noqa: RUF001
        raise ValueError(text)
    return Picture(kind, width, height)
