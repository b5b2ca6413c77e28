"""What the gateway knows about one request; each layer adds what it finds out."""

import asyncio
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from starlette.requests import HTTPConnection

from gateway.header_fields import HeaderFields

# Time for a whole request; a streamed export extends it with each page.
REQUEST_SECONDS = 15.0
# A picture's bytes go out as fast as its reader takes them.
PICTURE_SECONDS = 60.0
# What a batch may take of it; a service lets no call take longer.
BATCH_SECONDS = 10.0

# An ASGI scope's "state" is where servers and layers keep what is theirs.
_KEY = "souk"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Client:
    """A client: its address, empty if there is none, and whether it used TLS up to the edge."""

    address: str
    is_secure: bool = False


NOBODY = Client("")
NO_FIELDS = HeaderFields(())


@dataclass(slots=True)
class RequestState:
    """The state of one request.

    `fields` are all that the client sent, also those that no route may see. `tenant` is for logs
    and metrics: the id of the shop, empty if none is known. `origin` is the page's that may read
    the response. Before any route runs, `timeout` is set, and `events` to the names of audit events
    that services record for it. `is_last_known` tells that a service did not respond, and the
    response is made of what it said before. `counted_variants` are those whose quantities have
    places in the response, in their order.
    """

    request_id: str
    fields: HeaderFields = NO_FIELDS
    client: Client = NOBODY
    authority: bytes | None = None
    tenant: str = ""
    origin: bytes | None = None
    events: list[str] | None = None
    is_last_known: bool = False
    counted_variants: list[str] = field(default_factory=list)
    timeout: asyncio.Timeout = field(init=False)
    _found: dict[type[object], object] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The client's address; empty if it has none."""
        return self.client.address

    # By type, so that this module need not import the packages whose findings it carries.
    def put(self, finding: object) -> None:
        """Keeps what a layer found out, such as its Resolution, Verdict or Facts."""
        self._found[type(finding)] = finding

    def get(self, kind: type[T]) -> T | None:
        """Returns the finding of a type; None if there is none yet."""
        finding = self._found.get(kind)
        return finding if isinstance(finding, kind) else None


def attach(scope: MutableMapping[str, Any], state: RequestState) -> None:
    """Puts the state into a request's ASGI scope."""
    scope["state"][_KEY] = state


def of_scope(scope: MutableMapping[str, Any]) -> RequestState:
    """Returns the state in a request's ASGI scope."""
    state: RequestState = scope["state"][_KEY]
    return state


def state_of(request: HTTPConnection) -> RequestState:
    """Returns the state of a request."""
    return of_scope(request.scope)
