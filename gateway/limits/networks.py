"""Which client addresses count as one client."""

import functools
import ipaddress

# A /64 is one customer's, but whoever is given a /48 could change between 65,536 of them. A mobile
# network may have its customers in one /48, so it may use a few times what one of them may.
NETWORK_FACTOR = 4
_CACHE_SIZE = 4096


@functools.lru_cache(maxsize=_CACHE_SIZE)
def networks(address: str) -> tuple[str, ...]:
    """Returns what a client counts as, narrowest first: in IPv6, its /64 and its /48.

    Each may use NETWORK_FACTOR times what the one before it may.
    """
    if ":" not in address:
        return (address,)
    return tuple(str(ipaddress.IPv6Network((address, length), strict=False)) for length in (64, 48))
