"""Reading the Host header: which name it says, and whether that is one of the platform's own."""

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass

from gateway.errors import Problem, Refused
from services.kernel.hosts import HostInvalid, normalise_host

_MAX_BYTES = 300


@dataclass(frozen=True, slots=True)
class Host:
    """A host that was understood; `is_platform` ones belong to no tenant."""

    name: str
    is_platform: bool


class Hosts:
    """Tells the platform's own hosts: the base domain, localhost, IP literals, and those named."""

    def __init__(self, base_domain: str, named: Collection[str]) -> None:
        self._own = {normalise_host(host) for host in (base_domain, *named)} | {"localhost"}
        self._read: dict[bytes, Host] = {}

    def read(self, raw: bytes) -> Host:
        """Reads one Host value, in any of the spellings of one name.

        Raises:
            Refused: 400 HOST_INVALID.
        """
        host = self._read.get(raw)
        if host is None:
            host = self._parse(raw)
            if len(self._read) >= 4096:
                self._read.clear()
            self._read[raw] = host
        return host

    def _parse(self, raw: bytes) -> Host:
        try:
            bare = _without_port(raw.decode("ascii")).lower()
            if bare in self._own or _is_address(bare):
                return Host(bare, is_platform=True)
            name = normalise_host(raw)
        except (HostInvalid, ValueError):
            raise _invalid() from None
        return Host(name, is_platform=name in self._own)


def the_one(raw: list[bytes]) -> bytes:
    """Takes the request's Host header.

    Raises:
        Refused: 400 HOST_INVALID, when there is none, an empty one, or more than one.
    """
    if len(raw) != 1 or not 0 < len(raw[0]) <= _MAX_BYTES:
        raise _invalid()
    return raw[0]


def _without_port(authority: str) -> str:
    head, colon, port = authority.rpartition(":")
    if not colon or authority.endswith("]"):
        return authority
    if not (port.isascii() and port.isdigit() and len(port) <= 5 and 1 <= int(port) <= 65535):
        raise ValueError("not a port")
    return head


def _is_address(text: str) -> bool:
    try:
        if text.startswith("["):
            ipaddress.IPv6Address(text[1:].removesuffix("]"))
            return text.endswith("]") and "%" not in text
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _invalid() -> Refused:
    return Refused(
        Problem(400, "invalid_data", "HOST_INVALID", "The Host header must be one host name")
    )
