"""The matrix over gRPC: every method, in everybody's scope, at every tenant and at the platform.

The scopes are those that the gateway would sign: what the registry says that somebody may do there.
"""

import asyncio
import time
from collections.abc import Awaitable, Mapping
from functools import cache
from typing import Any

import grpc
import pytest
import pytest_asyncio
from souk.tenant_registry.v1.access_service_pb2 import Access, ResolveAccessRequest
from souk.tenant_registry.v1.access_service_pb2_grpc import AccessServiceStub
from souk.tenant_registry.v1.api_key_service_pb2 import ResolveApiKeyRequest, ResolvedApiKey
from souk.tenant_registry.v1.api_key_service_pb2_grpc import ApiKeyServiceStub

from services.kernel.call.credentials import METADATA_KEY, Signer
from services.kernel.call.errors import NotFound, ServiceError
from services.kernel.call.scope import Scope
from services.values.api_keys import digest
from tests.isolation import model
from tests.isolation.contract import Rpc, every_rpc, filled, name_fields
from tests.isolation.people import NOBODYS, World
from tests.isolation.sizes import covering

REFUSALS = {
    "SCOPE_INVALID", "SCOPE_MISSING", "SCOPE_MISMATCH", "SCOPE_EXCEEDED", "PERMISSION_MISSING",
    "METHOD_CLOSED",
}  # fmt: skip
AT_ONCE = 12
PLATFORM = "the platform"
Facts = Mapping[tuple[str, str], frozenset[str] | None]


def places(world: World) -> dict[str, str | None]:
    return {n: p for n, p in world.places.items() if p != NOBODYS} | {PLATFORM: None}


@pytest_asyncio.fixture(scope="module")
async def facts(world, scoped_stub) -> Facts:
    """What the registry says of everybody everywhere; None of who is nobody."""

    def of_gateway(stub: Any, permission: str) -> Any:
        gateway = {"tenant": None, "actor": "services/gateway", "permissions": {permission}}
        return scoped_stub(stub, "tenant-registry", **gateway)

    stub = of_gateway(AccessServiceStub, "access:resolve")
    keys = of_gateway(ApiKeyServiceStub, "key:resolve")

    async def ask(admin: str, place: str | None) -> frozenset[str] | None:
        request = ResolveAccessRequest(
            admin=f"admins/{admin}", tenant=f"tenants/{place}" if place else ""
        )
        try:
            access: Access = await stub.ResolveAccess(request)
        except NotFound:
            return None
        return frozenset(access.permissions)

    async def ask_of_key(name: str, place: str | None) -> frozenset[str] | None:
        try:
            request = ResolveApiKeyRequest(digest=digest(world.tokens[name]))
            found: ResolvedApiKey = await keys.ResolveApiKey(request)
        except NotFound:
            return None
        assert found.name == world.keys[name]
        is_here = place is not None and found.name.startswith(f"tenants/{place}/")
        return frozenset(found.permissions) if is_here else frozenset()

    return {
        **{
            (name, where): await ask(admin, place)
            for name, admin in world.admins.items()
            for where, place in places(world).items()
        },
        **{
            (name, where): await ask_of_key(name, place)
            for name in world.keys
            for where, place in places(world).items()
        },
    }


async def test_the_registry_says_what_the_model_says(world, facts):
    for person in world.people:
        for where, place in places(world).items():
            if (person.name in world.admins or person.key is not None) and person.is_known:
                assert facts[person.name, where] == world.model.permissions(person, place), (
                    person.name,
                    where,
                )


@pytest_asyncio.fixture(scope="module")
async def channels(platform):
    services = {rpc.service for rpc in every_rpc()}
    made = {name: grpc.aio.insecure_channel(platform.addresses[name]) for name in services}
    yield made
    for channel in made.values():
        await channel.close()


@pytest.fixture(scope="module")
def key(platform) -> str:
    return str((platform.secrets / "gateway.key").read_text())


def asking(rpc: Rpc, place: str | None) -> Any:
    """Makes a request about a place, for a version that is stale: nothing of it is done."""
    request = filled(rpc, {"tenant": place or "-", "*": "x-1"})
    if place is None and rpc.is_everywhere:
        _leave_tenant_out(request, rpc)
    _make_stale(request)
    return request


def _leave_tenant_out(request: Any, rpc: Rpc) -> None:
    """At the platform a name has no tenant before it, and a parent is empty."""
    for path, _ in name_fields(rpc.method.input_type):
        part = request
        for name in path[:-1]:
            part = getattr(part, name)
        whole: str = getattr(part, path[-1])
        setattr(part, path[-1], whole.removeprefix("tenants/-").removeprefix("/"))


def _make_stale(message: Any) -> None:
    for field in message.DESCRIPTOR.fields:
        is_one = field.message_type is not None and not field.is_repeated
        if field.name == "etag":
            message.etag = '"0"'
        elif is_one and message.HasField(field.name):
            _make_stale(getattr(message, field.name))


async def ended(call: Awaitable[Any]) -> str:
    """Tells how a call ended, in the words of the model."""
    try:
        await call
    except ServiceError as error:
        if error.reason in REFUSALS:
            reason: str = error.reason
            return reason
        if error.code in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN):
            return f"{error.code.name} {error.reason}"
    return model.IN


@cache
def _signer(key: str) -> Signer:
    return Signer("gateway", key)


def token(key: str, rpc: Rpc, world: World, name: str, place: str | None, held) -> list[Any]:
    """Signs a scope as the gateway would; nobody has none, and what is over has an old one."""
    if held is None and name != "with a session that is over":
        return []
    actor = world.keys.get(name) or f"admins/{world.admins.get(name, 'user_over')}"
    scope = Scope(place, actor, held or frozenset(), currency="EUR" if place else None)
    signed = _signer(key)
    if held is None:
        return [(METADATA_KEY, signed._token(scope, rpc.service, int(time.time()) - 60))]
    return [(METADATA_KEY, signed.sign(scope, rpc.service))]


@pytest.mark.parametrize("rpc", every_rpc(), ids=lambda rpc: rpc.path[1:])
async def test_access_matches_the_model(channels, key, world, facts, rpc, record_property):
    gate, wrong = asyncio.Semaphore(AT_ONCE), []
    by_name = {person.name: person for person in world.people}

    def expected(name: str, where: str) -> str:
        end: str = world.model.of_call(rpc, by_name[name], places(world)[where])
        return end

    async def check(name: str, where: str) -> None:
        place = places(world)[where]
        metadata = token(key, rpc, world, name, place, facts.get((name, where)))
        async with gate:
            outcome = await ended(rpc.call(channels[rpc.service], asking(rpc, place), *metadata))
        if outcome != expected(name, where):
            wrong.append((name, where, expected(name, where), outcome))

    turn = every_rpc().index(rpc)
    cells = covering(list(by_name), list(places(world)), expected, turn=turn)
    await asyncio.gather(*(check(*cell) for cell in cells))
    record_property("calls", len(cells))

    assert wrong == []


def names_a_tenant(rpc: Rpc) -> bool:
    return "tenants/the-place" in str(filled(rpc, {"tenant": "the-place", "*": "x"}))


OF_TENANTS = [rpc for rpc in every_rpc() if rpc.is_tenants and names_a_tenant(rpc)]


@pytest.mark.parametrize("rpc", OF_TENANTS, ids=lambda rpc: rpc.path[1:])
async def test_a_scope_reaches_no_name_of_another_place(channels, key, world, facts, rpc):
    wrong = []

    async def check(name: str, own: str, other: str) -> None:
        held = facts[name, own]
        expected = "SCOPE_MISMATCH" if rpc.permission in (held or ()) else "PERMISSION_MISSING"
        metadata = token(key, rpc, world, name, world.places[own], held)
        request = asking(rpc, world.places[other])
        outcome = await ended(rpc.call(channels[rpc.service], request, *metadata))
        if outcome != expected:
            wrong.append((name, own, other, expected, outcome))

    people = ("TenantAdmin here", "CatalogMgr here", "OrderOps here", "GlobalAdmin here")
    pairs = (("own, active", "other, active"), ("own, suspended", "other, active"),
             ("own, active", "nobody's"))  # fmt: skip
    await asyncio.gather(*(check(name, *pair) for name in people for pair in pairs))

    assert wrong == []
