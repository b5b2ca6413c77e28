"""Takes in a crowd of new clients at once.

uvloop accepts one connection of each listening socket in a turn of its loop, and between two turns
serves all who are in already. The last of 64 who came together would wait 64 turns, each longer.
"""

import socket

import uvicorn

ACCEPTED_AT_ONCE = 16


def listeners(config: uvicorn.Config) -> list[socket.socket]:
    """Returns several descriptors of the one socket on which a server is to listen."""
    one = config.bind_socket()
    return [one, *(one.dup() for _ in range(ACCEPTED_AT_ONCE - 1))]
