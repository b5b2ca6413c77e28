"""Parses the Host header and recognises the platform's own hosts."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from services.values.hosts import HostInvalid, is_platform_literal, normalise_host

_CACHE_SIZE = 4096


@dataclass(frozen=True, slots=True)
class Host:
    """A valid host; those with `is_platform` belong to no tenant."""

    name: str
    is_platform: bool


class Hosts:
    """Recognises the platform's hosts: the base domain, localhost, IP literals and settings."""

    def __init__(self, base_domain: str, platform_hosts: Collection[str]) -> None:
        platform_hosts = [host for host in platform_hosts if not is_platform_literal(host)]
        self._platform_hosts = frozenset(
            normalise_host(host) for host in (base_domain, *platform_hosts)
        )
        self._cache: dict[bytes, Host] = {}

    def read(self, raw: bytes) -> Host:
        """Parses a Host value in any spelling of the name.

        Raises:
            HostInvalid: 400 HOST_INVALID.
        """
        host = self._cache.get(raw)
        if host is None:
            host = self._parse(raw)
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            self._cache[raw] = host
        return host

    def _parse(self, raw: bytes) -> Host:
        if is_platform_literal(raw):
            return Host(raw.decode().lower(), is_platform=True)
        name = normalise_host(raw)
        return Host(name, is_platform=name in self._platform_hosts)


def only_host(values: Sequence[bytes]) -> bytes:
    """Returns the request's only Host header.

    Raises:
        HostInvalid: there is none, or more than one.
    """
    if len(values) != 1:
        raise HostInvalid("HOST_EMPTY", "the request must have exactly one Host header")
    return values[0]
