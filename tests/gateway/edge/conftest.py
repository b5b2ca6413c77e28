"""Ends of connections that need neither a socket nor a platform."""

import pytest
import uvicorn
from uvicorn.server import ServerState

from gateway.__main__ import KEEP_ALIVE_SECONDS
from gateway.edge import protocol
from gateway.edge.body_budget import BodyBudget
from gateway.edge.client_address import Addresses
from tests.gateway.edge.serving import application


@pytest.fixture
def budget():
    """Room for ten bytes of an address, and a hundred of all."""
    return BodyBudget(Addresses([]), process_bytes=100, address_bytes=10)


@pytest.fixture
def serving(budget):
    """Makes ends of connections to the application."""
    config = uvicorn.Config(
        application,
        http=protocol.SoukProtocol,
        log_config=None,
        lifespan="off",
        # Longer than any test waits: what closes a connection is the protocol's own clock.
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )
    config.load()
    return lambda: protocol.SoukProtocol(config, ServerState(), {"body_budget": budget})
