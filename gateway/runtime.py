"""The state of one gateway process, and how routes access it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from gateway.clients import Clients
from gateway.edge.client_address import Addresses
from gateway.edge.fair_queue import Pace, Slots
from gateway.identity.access_facts import AccessFacts
from gateway.identity.api_keys import ApiKeys
from gateway.identity.session_tokens import Sessions
from gateway.limits import Limiter
from gateway.metrics import Metrics
from gateway.settings import GatewaySettings
from gateway.tenancy import Tenancy
from gateway.tenancy.hosts import Hosts


@dataclass(frozen=True, slots=True)
class Runtime:
    settings: GatewaySettings
    clients: Clients
    hosts: Hosts
    addresses: Addresses
    tenancy: Tenancy
    metrics: Metrics
    sessions: Sessions
    access: AccessFacts
    api_keys: ApiKeys
    limiter: Limiter
    slots: Slots
    pace: Pace


def runtime_of(request: Request) -> Runtime:
    """Returns the process's runtime, which is on `app.state` since startup."""
    runtime: Runtime = request.app.state.runtime
    return runtime


# Async, because FastAPI would run a plain function in a thread for each request.
async def _runtime(request: Request) -> Runtime:
    return runtime_of(request)


async def _clients(request: Request) -> Clients:
    return runtime_of(request).clients


async def _tenancy(request: Request) -> Tenancy:
    return runtime_of(request).tenancy


RuntimeOf = Annotated[Runtime, Depends(_runtime)]
ClientsOf = Annotated[Clients, Depends(_clients)]
TenancyOf = Annotated[Tenancy, Depends(_tenancy)]
