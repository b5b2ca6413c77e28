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

_MOST_HOPS = 32
_REMEMBERED = 4096


class Addresses:
    """Reads addresses; forwarded headers count only from peers in the trusted networks."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)
        self._peer = functools.lru_cache(maxsize=_REMEMBERED)(self._read_peer)

    def client(self, peer: str, headers: Headers) -> Client:
        address, is_trusted = self._peer(peer)
        if not is_trusted or address is None:
            return Client(str(address or ""))
        return self._behind(address, headers)

    def _read_peer(self, peer: str) -> tuple[Address | None, bool]:
        address = parsed(peer)
        return address, address is not None and self._trusts(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _behind(self, proxy: Address, headers: Headers) -> Client:
        headers = list(headers)
        chain, forwarded = _values(headers, b"x-forwarded-for"), _values(headers, b"forwarded")
        told = [self._outermost(proxy, hops) for hops in (chain, _for(forwarded)) if hops]
        # A proxy that maintains only one of the two headers passes the other on unchecked.
        address = told[0] if told and all(one == told[0] for one in told) else proxy
        schemes = _values(headers, b"x-forwarded-proto")
        return Client(
            str(address),
            is_secure=schemes[-1:] == ["https"],
            is_forwarded=bool(chain or forwarded or schemes),
        )

    def _outermost(self, proxy: Address, hops: Sequence[str]) -> Address:
        """Walks back from the proxy to the first untrusted hop, which is the client."""
        client = proxy
        for hop in reversed(hops[-_MOST_HOPS:]):
            address = parsed(hop)
            if address is None:
                break
            client = address
            if not self._trusts(address):
                break
        return client


def parsed(text: str) -> Address | None:
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


def _values(headers: Headers, wanted: bytes) -> list[str]:
    """Splits a header that may span several lines; the last entry is the nearest proxy's."""
    lines = [value.decode("latin-1") for name, value in headers if name == wanted]
    return [part.strip() for part in ",".join(lines).split(",")] if lines else []


def _for(forwarded: Iterable[str]) -> list[str]:
    """Returns `for=` of each element of Forwarded; empty for an element without one."""
    pairs = (
        dict(pair.strip().lower().partition("=")[::2] for pair in element.split(";"))
        for element in forwarded
    )
    return [pair.get("for", "") for pair in pairs]
