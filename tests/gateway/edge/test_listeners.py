"""Clients that arrive together: they are taken in together."""

import asyncio
import socket
from contextlib import ExitStack

import uvicorn
import uvloop

from gateway.edge.listeners import listeners
from tests.gateway.edge.serving import application

CROWD = 64


def test_a_crowd_is_accepted_in_a_few_turns_of_the_loop():
    async def turns():
        config = uvicorn.Config(
            application, host="127.0.0.1", port=0, lifespan="off", log_config=None
        )
        config.load()
        server = uvicorn.Server(config)
        server.lifespan = config.lifespan_class(config)
        sockets = listeners(config)
        await server.startup(sockets)
        with ExitStack() as clients:
            for _ in range(CROWD):  # the kernel takes them in, as this loop stands still
                client = socket.create_connection(sockets[0].getsockname())
                clients.enter_context(client)
            number = 0
            while len(server.server_state.connections) < CROWD:
                number += 1
                await asyncio.sleep(0)
        await server.shutdown(sockets)
        return number

    assert uvloop.run(turns()) < CROWD / 2
