"""A picture is what its bytes are, and nothing else is a picture."""

import random

import pytest

from gateway.pictures import formats
from tests.pictures import KINDS, gif, png


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_and_size_of_a_picture_are_in_its_bytes(kind):
    assert formats.read(KINDS[kind](640, 480)) == formats.Picture(kind, 640, 480)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is not a JPEG"),
        (b"first content", "is not a JPEG"),
        (b"%PDF-1.7", "is not a JPEG"),
        (b"<html><script>alert(1)</script>", "is not a JPEG"),
        (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1", "is not a JPEG"),
        (b"RIFF\x04\0\0\0WAVE", "is not a JPEG"),
        (b"BM" + bytes(60), "is not a JPEG"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG, which can hold scripts"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a logo --><SVG/>', "SVG"),
        (png(0, 5), "cannot be read"),
        (gif()[:6], "cannot be read"),
        (b"\xff\xd8\xff" + bytes(100), "cannot be read"),
        (png(2**31, 1), "at most 65,535 pixels a side, but is 2147483648"),
        (png(1, 2**32 - 1), "at most 65,535 pixels a side"),
        (KINDS["avif"](2**32 - 1, 1), "at most 65,535 pixels a side"),
        (KINDS["webp"](2**24, 1), "at most 65,535 pixels a side"),
    ],
)
def test_a_file_that_is_no_picture_is_refused_with_the_reason(content, text):
    with pytest.raises(ValueError, match=text):
        formats.read(content)


def test_a_size_is_looked_for_in_the_head_alone():
    """A file of nothing but tiny segments would be looked through for seconds."""
    segments = b"\xff\xfe\x00\x02" * (formats._HEAD_BYTES // 4)
    picture = KINDS["jpeg"]()

    with pytest.raises(ValueError, match="cannot be read"):
        formats.read(picture[:2] + segments + picture[2:])


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_pictures_are_read_or_refused_and_nothing_else(kind):
    chance = random.Random(kind)
    for _ in range(500):
        damaged = bytearray(KINDS[kind](64, 48))
        for _ in range(chance.randint(1, 6)):
            damaged[chance.randrange(len(damaged))] = chance.choice((0, 255, chance.randrange(256)))
        try:
            picture = formats.read(bytes(damaged[: chance.randint(1, len(damaged))]))
        except ValueError:
            continue
        assert picture.width > 0
        assert picture.height > 0
