"""What the gateway knows about one request; each layer adds what it finds out.

It names types of the packages above, but imports none of them.
"""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from gateway.edge.client_address import Client
    from gateway.identity.access_facts import Facts
    from gateway.limits import Verdict
    from gateway.tenancy import Resolution
    from gateway.tenancy.hosts import Host

# Time for a whole request; a streamed export extends it with each page.
REQUEST_SECONDS = 15.0

# An ASGI scope's "state" is where servers and layers keep what is theirs.
_KEY = "souk"


@dataclass(slots=True)
class RequestState:
    """The state of one request.

    `tenant` is for logs and metrics: the id of the shop, empty if none is known. The guard sets
    `timeout`, `host` and `resolution` before any route runs; `facts` are those of a known caller.
    """

    request_id: str
    client: "Client"
    authority: bytes | None = None
    is_draining: bool = False
    timeout: asyncio.Timeout = field(init=False)
    host: "Host" = field(init=False)
    resolution: "Resolution" = field(init=False)
    tenant: str = ""
    origin: bytes | None = None
    verdict: "Verdict | None" = None
    facts: "Facts | None" = None

    @property
    def address(self) -> str:
        """The client's address; empty if it has none."""
        return self.client.address


def attach(scope: "MutableMapping[str, Any]", state: RequestState) -> None:
    """Puts the state into a request's ASGI scope."""
    scope["state"][_KEY] = state


def state_of(request: HTTPConnection) -> RequestState:
    """Returns the state of a request."""
    state: RequestState = request.scope["state"][_KEY]
    return state
