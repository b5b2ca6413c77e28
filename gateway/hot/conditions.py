"""What HTTP offers for answers that are kept: ETags, compression, and how long a cache may.

The ETag is weak. It is that of the document, whichever encoding it travels in, and a proxy that
compresses does not break it.
"""

import gzip
import hashlib
from functools import lru_cache

# Browsers ask again before each use. A shared cache may serve an answer for a second, so that a
# crowd in front of it is one request behind it.
CACHE_CONTROL = (b"cache-control", b"public, max-age=0, s-maxage=1, must-revalidate")
GZIP = (b"content-encoding", b"gzip")
# Below, the headers of a packet weigh more than what is saved.
LEAST_COMPRESSED = 1_024
_LEVEL = 6
_LONGEST = 256


def etag_of(body: bytes) -> bytes:
    return b'W/"%s"' % hashlib.blake2b(body, digest_size=12).hexdigest().encode()


def accepts_gzip(accept_encoding: bytes) -> bool:
    """Returns whether a client takes gzip; what it says of other encodings does not matter."""
    if len(accept_encoding) > _LONGEST:
        return False
    return bool(accept_encoding) and _accepts_gzip(accept_encoding)


@lru_cache(maxsize=256)
def _accepts_gzip(accept_encoding: bytes) -> bool:
    weights: dict[bytes, bool] = {}
    for one in accept_encoding.lower().split(b","):
        name, *parameters = one.split(b";")
        weights[name.strip()] = all(map(_is_wanted, parameters))
    return weights.get(b"gzip", weights.get(b"*", False))


def _is_wanted(parameter: bytes) -> bool:
    name, _, weight = parameter.partition(b"=")
    if name.strip() != b"q":
        return True
    try:
        return float(weight) > 0
    except ValueError:
        return False


def gzipped(body: bytes) -> bytes:
    return gzip.compress(body, _LEVEL, mtime=0)
