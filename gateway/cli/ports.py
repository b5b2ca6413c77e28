"""Ports of this machine that nobody listens on."""

import random
import socket

# Below the range that Linux takes for outgoing connections, so that none of those gets the port
# between our look and the server's start.
_RANGE = range(20_000, 32_000)


def is_free(port: int) -> bool:
    """Tells whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free(count: int) -> list[int]:
    """Finds that many different free ports."""
    candidates = random.sample(_RANGE, len(_RANGE))
    found: list[int] = []
    while len(found) < count:
        port = candidates.pop()
        if is_free(port):
            found.append(port)
    return found
