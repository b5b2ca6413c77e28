"""The smallest picture of each kind that says how large it is."""

import struct
import zlib


def png(width=7, height=5, *, note=b""):
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"tEXt", b"note\0" + note), (b"IDAT", zlib.compress(b"\0" * 40))]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in [*parts, (b"IEND", b"")]
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def jpeg(width=7, height=5):
    app = b"\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0"
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\x00"
    return b"\xff\xd8" + app + frame + b"\xff\xd9"


def gif(width=7, height=5):
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0) + b";"


def webp(width=7, height=5):
    head = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + head


def avif(width=7, height=5):
    size = _box(b"ispe", bytes(4) + struct.pack(">II", width, height))
    which = _box(b"ipma", bytes(4) + struct.pack(">IH", 1, 1) + b"\x01\x01")
    properties = _box(b"iprp", _box(b"ipco", size) + which)
    primary = _box(b"pitm", b"\0\0\0\0\0\1")
    return _box(b"ftyp", b"avif\0\0\0\0avifmif1") + _box(b"meta", bytes(4) + primary + properties)


def _box(kind, data):
    return struct.pack(">I", len(data) + 8) + kind + data


KINDS = {"png": png, "jpeg": jpeg, "gif": gif, "webp": webp, "avif": avif}
