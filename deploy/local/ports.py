"""Finds free ports on this machine."""

import atexit
import socket
from random import SystemRandom

# Below Linux's range for outgoing connections, so that none of those takes the port between our
# check and the server's start.
_RANGE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Returns whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free(count: int) -> list[int]:
    """Finds `count` different free ports, which no other starting platform will pick."""
    candidates = SystemRandom().sample(_RANGE, len(_RANGE))
    found: list[int] = []
    while len(found) < count:
        port = candidates.pop()
        if is_free(port) and _claim(port):
            found.append(port)
    return found


def _claim(port: int) -> bool:
    """Holds the UDP port of the same number while this process lives, as a sign to others."""
    marker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        marker.bind(("127.0.0.1", port))
    except OSError:
        marker.close()
        return False
    atexit.register(marker.close)
    return True
