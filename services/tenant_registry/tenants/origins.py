"""Web origins, in the form that browsers send: no other form would ever match."""

import re

from services.values.hosts import HostInvalid, normalise_host

EXAMPLES = "https://app.example.org or http://localhost:3000"
_ORIGIN = re.compile(r"(https?)://([a-z0-9.-]{1,253})(?::([1-9][0-9]{0,4}))?")
_OWN_PORTS = {"http": 80, "https": 443}
# Without TLS, anyone on the network path could act as any other host.
_PLAIN = frozenset({"localhost", "127.0.0.1"})


def is_origin(text: str) -> bool:
    """Returns whether it is a valid origin: https, or http on the developer's own machine."""
    found = _ORIGIN.fullmatch(text)
    if found is None:
        return False
    scheme, host, port = found.groups()
    if port is not None and (int(port) > 65535 or int(port) == _OWN_PORTS[scheme]):
        return False
    return host in _PLAIN or (scheme == "https" and _is_name(host))


def _is_name(host: str) -> bool:
    try:
        return normalise_host(host) == host
    except HostInvalid:
        return False
