"""The client's address of a request: the peer's, unless the peer is a trusted proxy.

Malformed values from a proxy are never an error: the last valid address counts.
"""

import functools
import ipaddress
from collections.abc import Iterable, Sequence

from gateway.request_state import Client

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Headers = Iterable[tuple[bytes, bytes]]

# A client may send a long chain of its own; the trusted proxies are at the end.
_MAX_HOPS = 32
_CACHE_SIZE = 4096


class Addresses:
    """Reads addresses; forwarded headers count only from peers in the trusted networks."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)
        self._peer = functools.lru_cache(maxsize=_CACHE_SIZE)(self._read_peer)

    def client(self, peer: str, headers: Headers) -> Client:
        client, proxy = self._peer(peer)
        return client if proxy is None else self._behind(proxy, headers)

    def _read_peer(self, peer: str) -> tuple[Client, Address | None]:
        """Returns the peer as a client, and its address again if it is a trusted proxy."""
        address = parse_address(peer)
        is_trusted = address is not None and self._trusts(address)
        return Client(str(address or "")), address if is_trusted else None

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _behind(self, proxy: Address, headers: Headers) -> Client:
        headers = list(headers)
        chain, forwarded = _values(headers, b"x-forwarded-for"), _values(headers, b"forwarded")
        addresses = [self._outermost(proxy, hops) for hops in (chain, _for(forwarded)) if hops]
        # A proxy that maintains only one of the two headers passes the other on unchecked.
        address = addresses[0] if len(set(addresses)) == 1 else proxy
        schemes = _values(headers, b"x-forwarded-proto")
        return Client(str(address), is_secure=schemes[-1:] == ["https"])

    def _outermost(self, proxy: Address, hops: Sequence[str]) -> Address:
        """Walks back from the proxy to the first untrusted hop, which is the client."""
        client = proxy
        for hop in reversed(hops[-_MAX_HOPS:]):
            address = parse_address(hop)
            if address is None:
                break
            client = address
            if not self._trusts(address):
                break
        return client


def parse_address(text: str) -> Address | None:
    """Parses an address as proxies write it: with a port, brackets, quotes or a zone."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _values(headers: Headers, header: bytes) -> list[str]:
    """Splits a header that may span several lines; the last entry is the nearest proxy's."""
    lines = [value.decode("latin-1") for name, value in headers if name == header]
    return [part.strip() for part in ",".join(lines).split(",")] if lines else []


def _for(forwarded: Iterable[str]) -> list[str]:
    """Returns `for=` of each element of Forwarded; empty for an element without one."""
    pairs = (
        dict(pair.strip().lower().partition("=")[::2] for pair in element.split(";"))
        for element in forwarded
    )
    return [pair.get("for", "") for pair in pairs]
