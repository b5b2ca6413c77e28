"""Draws the demo's pictures: a pack in front of a coloured wall, with the product's initials.

They are PNGs with a palette, made of rows of bytes: a picture takes few milliseconds, and nothing
that draws has to be installed.
"""

import colorsys
import math
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_uppercase

SIZE = 400
# Colours by their place in the palette; the wall has all those below.
_TRIM, _PACK, _LABEL, _INK = range(200, 204)
# Letters of five by seven dots: a number for each row.
_LETTERS = bytes.fromhex("""
0e11111f111111 1e11111e11111e 0e11101010110e 1e11111111111e 1f10101e10101f 1f10101e101010
0e11101711110f 1111111f111111 0e04040404040e 0702020202120c 11121418141211 1010101010101f
111b1515111111 11191513111111 0e11111111110e 1e11111e101010 0e11111115120d 1e11111e141211
0f10100e01011e 1f040404040404 1111111111110e 11111111110a04 1111111515150a 11110a040a1111
11110a04040404 1f01020408101f
""")
_DOTS = {letter: _LETTERS[7 * n : 7 * n + 7] for n, letter in enumerate(ascii_uppercase)}


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with round corners, in hundredths of the picture."""

    left: float
    top: float
    right: float
    bottom: float
    corner: float
    colour: int

    def fill(self, rows: list[bytearray], zoom: float) -> None:
        """Draws it; what `zoom` moves beyond the edge is left out."""
        straight = _place(self.left, zoom), _place(self.right, zoom)
        line = bytes([self.colour]) * SIZE
        for y in range(_place(self.top, zoom), _place(self.bottom, zoom)):
            height = 50 + (y * 100 / SIZE - 50) / zoom
            into = max(self.top + self.corner - height, height - self.bottom + self.corner)
            start, end = straight if into <= 0 else self._rounded(into, zoom)
            rows[y][start:end] = line[start:end]

    def _rounded(self, into: float, zoom: float) -> tuple[int, int]:
        inset = self.corner - math.sqrt(max(self.corner**2 - into**2, 0))
        return _place(self.left + inset, zoom), _place(self.right - inset, zoom)


def _place(hundredths: float, zoom: float) -> int:
    return min(max(round((50 + (hundredths - 50) * zoom) * SIZE / 100), 0), SIZE)


_JAR = (
    Box(28, 14, 72, 27, 3, _TRIM),
    Box(24, 25, 76, 88, 7, _PACK),
    Box(24, 42, 76, 74, 0, _LABEL),
)
_BOTTLE = (
    Box(42, 8, 58, 20, 2, _TRIM),
    Box(32, 18, 68, 92, 11, _PACK),
    Box(32, 42, 68, 70, 0, _LABEL),
)
_BAR = (Box(6, 34, 94, 68, 2, _TRIM), Box(11, 34, 89, 68, 0, _PACK), Box(22, 39, 78, 63, 4, _LABEL))
_BAG = (
    Box(38, 12, 62, 44, 12, _TRIM),
    Box(18, 28, 82, 88, 9, _PACK),
    Box(28, 42, 72, 74, 4, _LABEL),
)
_POUCH = (
    Box(27, 11, 73, 18, 1, _TRIM),
    Box(24, 17, 76, 90, 5, _PACK),
    Box(31, 38, 69, 70, 6, _LABEL),
)
_FORMS = {
    **dict.fromkeys(("Shaker", "Gourde", "Sirop", "Boisson d'effort", "Oméga"), _BOTTLE),
    **dict.fromkeys(("Vitamines", "Minéraux", "Glucides"), _BOTTLE),
    **dict.fromkeys(("Barre", "Cookie", "En-cas", "Gel"), _BAR),
    **dict.fromkeys(("Textile", "Sac", "Entraînement"), _BAG),
    **dict.fromkeys(("Céréales", "Collagène", "Protéine végétale"), _POUCH),
}


def draw(handle: str, kind: str, place: int) -> bytes:
    """Draws a product's picture, always the same; at another place it is seen from closer."""
    hue, zoom = zlib.crc32(handle.encode()) % 360 / 360, 1 + 0.35 * place
    # The wall's colours run from one corner to the other.
    wall = bytes(n * _TRIM // (2 * SIZE) for n in range(2 * SIZE))
    rows = [bytearray(wall[y : y + SIZE]) for y in range(SIZE)]
    form = _FORMS.get(kind, _JAR)
    for box in (*form, *_letters(handle, on=form[-1])):
        box.fill(rows, zoom)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 3)
    head = struct.pack(">IIBBBBB", SIZE, SIZE, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", _palette(hue, place)), (b"IDAT", data))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in (*parts, (b"IEND", b"")))


def _letters(handle: str, *, on: Box) -> Iterator[Box]:
    """Yields the dots of the initials of the first two words, in the middle of a label."""
    words = [word for word in handle.upper().split("-") if word[0] in _DOTS]
    dot, initials = 2.4, [word[0] for word in words[:2]]
    x_start = 50 - (6 * len(initials) - 1) * dot / 2
    y_start = (on.top + on.bottom - 7 * dot) / 2
    for number, letter in enumerate(initials):
        for y, bits in enumerate(_DOTS[letter]):
            for x in range(5):
                if bits >> (4 - x) & 1:
                    at = x_start + (6 * number + x) * dot, y_start + y * dot
                    yield Box(*at, at[0] + dot, at[1] + dot, 0, _INK)


def _palette(hue: float, place: int) -> bytes:
    wall = [(hue + 0.08 * place, 0.92 - 0.22 * n / _TRIM, 0.55) for n in range(_TRIM)]
    others = [(hue, 0.22, 0.45), (hue, 0.42, 0.6), (hue, 0.97, 0.5), (hue, 0.2, 0.6)]
    return b"".join(
        bytes(round(255 * part) for part in colorsys.hls_to_rgb(h % 1, light, depth))
        for h, light, depth in (*wall, *others)
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
