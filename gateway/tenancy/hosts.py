"""Parses the Host header and recognises the platform's own hosts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.values.hosts import HostInvalid, is_platform_literal, normalise_host

_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Host:
    """A valid host; those with `is_platform` belong to no tenant."""

    name: str
    is_platform: bool


class Hosts:
    """Recognises the platform's hosts: the base domain, localhost, IP literals and settings."""

    def __init__(self, base_domain: str, named: Collection[str]) -> None:
        named = [host for host in named if not is_platform_literal(host)]
        self._own = frozenset(normalise_host(host) for host in (base_domain, *named))
        self._read: dict[bytes, Host] = {}

    def read(self, raw: bytes) -> Host:
        """Parses a Host value in any spelling of the name.

        Raises:
            HostInvalid: 400 HOST_INVALID.
        """
        host = self._read.get(raw)
        if host is None:
            host = self._parsed(raw)
            if len(self._read) >= _REMEMBERED:
                self._read.clear()
            self._read[raw] = host
        return host

    def _parsed(self, raw: bytes) -> Host:
        if is_platform_literal(raw):
            return Host(raw.decode().lower(), is_platform=True)
        name = normalise_host(raw)
        return Host(name, is_platform=name in self._own)


def only_host(given: Sequence[bytes]) -> bytes:
    """Returns the request's only Host header.

    Raises:
        HostInvalid: there is none, or more than one.
    """
    if len(given) != 1:
        raise HostInvalid("HOST_EMPTY", "the request must have exactly one Host header")
    return given[0]
