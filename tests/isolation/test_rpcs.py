"""Every RPC of the contract: who is let in, and what one tenant gets with another's names."""

import asyncio
import re
import time
from collections.abc import Callable, Iterable
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from sqlalchemy import LargeBinary

from deploy.local import ports
from deploy.manifest import BY_NAME
from services.kernel.call.credentials import METADATA_KEY, Signer
from services.kernel.call.errors import ServiceError
from services.kernel.call.scope import Scope
from tests.isolation.contract import Rpc, every_rpc, has_ids, refusal_text
from tests.isolation.contract import filled as filled_request
from tests.isolation.rows import mark
from tests.isolation.sizes import CAMPAIGN

TENANTS = ("paris", "lyon")
IN_TURNS = 5
"""Of what proves nothing, a method tries a fifth in `make test`, and the next method the next."""
each_rpc = pytest.mark.parametrize("rpc", every_rpc(), ids=lambda rpc: rpc.path[1:])
TENANT_RPCS = [rpc for rpc in every_rpc() if rpc.is_tenants]


def in_directions(rpcs: list[Rpc]) -> pytest.MarkDecorator:
    """A caller of one tenant names what another has; in `make test`, with the next RPC the reverse.

    The campaign tries both directions with each.
    """
    both = [(rpc, own, other) for rpc in rpcs for own, other in (TENANTS, TENANTS[::-1])]
    alternating = [both[2 * n + n % 2] for n in range(len(rpcs))]
    return pytest.mark.parametrize(
        ("rpc", "own", "other"),
        [
            pytest.param(*case, id=f"{case[1]}-{case[2]}-{case[0].path[1:]}")
            for case in (both if CAMPAIGN else alternating)
        ],
    )


@each_rpc
def test_a_method_says_its_permission_and_its_reach(rpc):
    assert re.fullmatch(r"[a-z]+:[a-z]+", rpc.permission)
    assert rpc.reach


def test_every_service_of_the_contract_is_found():
    assert {rpc.service for rpc in every_rpc()} == {
        "audit",
        "catalog-opt-in",
        "commerce",
        "tenant-registry",
    }


@pytest.fixture(scope="module")
async def channels(cluster, filled):
    """All services, each its own process, on databases with rows of both tenants everywhere."""
    services = sorted({rpc.service for rpc in every_rpc()})
    chosen = dict(zip(services, ports.free(len(services)), strict=True))
    catalogue = {BY_NAME["catalog-opt-in"].address_setting: f"127.0.0.1:{chosen['catalog-opt-in']}"}
    children = [
        await cluster.serve(name, port, **(catalogue if name == "commerce" else {}))
        for name, port in chosen.items()
    ]
    made = {name: grpc.aio.insecure_channel(f"127.0.0.1:{p}") for name, p in chosen.items()}
    yield made
    for channel in made.values():
        await channel.close()
    for child in children:
        await child.stop()
    for database, rows in filled.items():
        async with cluster.session(database) as connection:
            await rows.replace_all(connection)


@pytest.fixture(scope="module")
def key(cluster):
    return lambda caller: (cluster.secrets / f"{caller}.key").read_text()


def scope(rpc: Rpc, tenant: str | None, permissions: Iterable[str]) -> Scope:
    return Scope(tenant, "admins/user_1", frozenset(permissions), currency="EUR")


def right(rpc: Rpc) -> Scope:
    return scope(rpc, "paris" if rpc.is_tenants else None, [rpc.permission])


def claims(rpc: Rpc, **changed: object) -> dict[str, object]:
    now = int(time.time())
    whole = {"iss": "gateway", "aud": rpc.service, "iat": now, "exp": now + 10, "cur": None}
    whole |= {"tid": right(rpc).tenant, "sub": "admins/user_1", "perms": [rpc.permission]}
    return whole | changed


def made(pem: str, claims: dict[str, object], *, kind="souk-scope+jwt", algorithm="Ed25519") -> str:
    secret = OKPKey.import_key(pem) if algorithm == "Ed25519" else OctKey.import_key(pem)
    return jwt.encode({"alg": algorithm, "typ": kind}, claims, secret, [algorithm])


def a_new_key() -> str:
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode()
    )


def unknown_scopes(rpc: Rpc, key) -> dict[str, Callable[[], list[str]]]:
    """Metadata that proves nothing, by what is wrong with it."""
    gateway, now = key("gateway"), int(time.time())

    def altered(pem: str = gateway, *, kind="souk-scope+jwt", algorithm="Ed25519", **changed: Any):
        return lambda: [made(pem, claims(rpc, **changed), kind=kind, algorithm=algorithm)]

    def nowhere() -> list[str]:
        return [made(gateway, {k: v for k, v in claims(rpc).items() if k != "aud"})]

    def cut(join: Callable[[str, str, str], str]) -> Callable[[], list[str]]:
        return lambda: [join(*made(gateway, claims(rpc)).split("."))]

    return {
        "none": list,
        "empty": lambda: [""],
        "garbage": lambda: ["not.a.token"],
        "in clear": lambda: ["paris"],
        "expired": altered(iat=now - 60, exp=now - 50),
        "from the future": altered(iat=now + 60, exp=now + 70),
        "too long a life": altered(exp=now + 3600),
        "another audience": altered(aud="elsewhere"),
        "no audience": nowhere,
        "another key": altered(a_new_key()),
        "another service's key": altered(key("audit")),
        "an unknown caller": altered(iss="nobody"),
        "another kind of token": altered(kind="JWT"),
        "the wrong algorithm": altered("secret-of-32-bytes-or-a-bit-more", algorithm="HS256"),
        "no signature": cut(lambda head, body, _: f"{head}.{body}."),
        "a changed body": cut(lambda head, body, end: f"{head}.{body[:-4]}AAAA.{end}"),
    }


async def refusal(rpc: Rpc, channels, *tokens: str, request=None) -> ServiceError:
    metadata = [(METADATA_KEY, token) for token in tokens]
    with pytest.raises(ServiceError) as refused:
        await rpc.call(channels[rpc.service], request or rpc.request(), *metadata)
    return refused.value


@each_rpc
async def test_nobody_is_let_in_without_proof(channels, key, rpc):
    unknown, turn = list(unknown_scopes(rpc, key).items()), every_rpc().index(rpc)
    if not CAMPAIGN:
        unknown = [unknown[0], *unknown[1 + turn % IN_TURNS :: IN_TURNS]]
    for wrong, tokens in unknown:
        error = await refusal(rpc, channels, *tokens())

        assert (error.code, error.reason) == (grpc.StatusCode.UNAUTHENTICATED, "SCOPE_INVALID"), (
            wrong
        )


@each_rpc
async def test_the_scope_is_given_once(channels, key, rpc):
    token = Signer("gateway", key("gateway")).sign(right(rpc), rpc.service)

    assert (await refusal(rpc, channels, token, token)).code == grpc.StatusCode.INVALID_ARGUMENT


@each_rpc
async def test_nobody_is_let_in_without_the_permission(channels, key, rpc):
    signer = Signer("gateway", key("gateway"))
    others = {other.permission for other in every_rpc()} - {rpc.permission}
    spellings = [{rpc.permission.upper()}, {rpc.permission.partition(":")[0] + ":*"}, set()]
    turn = every_rpc().index(rpc) % len(spellings)
    for held in (others, *(spellings if CAMPAIGN else spellings[turn : turn + 1])):
        token = signer.sign(scope(rpc, right(rpc).tenant, held), rpc.service)
        error = await refusal(rpc, channels, token)

        assert error.code == grpc.StatusCode.PERMISSION_DENIED
        assert error.reason == "PERMISSION_MISSING"


@each_rpc
async def test_nobody_is_let_in_from_the_wrong_place(channels, key, rpc):
    if rpc.is_everywhere:
        return
    elsewhere = scope(rpc, None if rpc.is_tenants else "paris", [rpc.permission])
    token = Signer("gateway", key("gateway")).sign(elsewhere, rpc.service)

    error = await refusal(rpc, channels, token)

    assert (error.code, error.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_MISSING")


@each_rpc
async def test_a_service_vouches_for_its_own_errand_alone(channels, key, rpc):
    if rpc.permission == "event:record":
        return
    services = ("tenant-registry", "catalog-opt-in", "audit")
    turn = every_rpc().index(rpc) % len(services)
    for caller in services if CAMPAIGN else services[turn : turn + 1]:
        token = Signer(caller, key(caller)).sign(right(rpc), rpc.service)
        error = await refusal(rpc, channels, token)

        assert (error.code, error.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SCOPE_EXCEEDED")


def ids_of(filled, rpc: Rpc, tenant: str) -> list[str]:
    """Lists what a tenant's rows have for keys in the service's database."""
    rows = filled[rpc.service.replace("-", "_")]
    found = {
        str(rows.of[table.name, tenant][column.name])
        for table in rows.tables
        for column in table.primary_key
        if "tenant_id" in table.c and column.name != "tenant_id"
        if not isinstance(column.type, LargeBinary)  # hashes name nothing
    }
    return sorted(found)


# Whatever has an id by chance and the time of day differs from call to call by these alone.
_MADE_JUST_NOW = re.compile(r"(cart|order|pay_col)_[A-Z2-7]{26}|20\d\d-\d\d-\d\dT[\d:.]+Z")


async def answer(rpc: Rpc, channels, key, tenant: str, ids: dict[str, str]) -> str:
    """Calls with all permissions, and gives all that the caller gets to see."""
    token = Signer("gateway", key("gateway")).sign(
        scope(rpc, tenant, {rpc.permission}), rpc.service
    )
    try:
        given = await rpc.call(
            channels[rpc.service], filled_request(rpc, ids), (METADATA_KEY, token)
        )
    except ServiceError as error:
        return refusal_text(error)
    text = f"OK {given.SerializeToString().decode(errors='replace')} {given}"
    return _MADE_JUST_NOW.sub("NEW", text)


@in_directions(TENANT_RPCS)
async def test_a_name_of_another_tenant_is_out_of_reach(channels, key, filled, rpc, own, other):
    request = filled_request(rpc, {"tenant": other, "*": "x"})
    for id_ in ["nobodys", *ids_of(filled, rpc, other)]:
        seen = await answer(rpc, channels, key, own, {"tenant": other, "*": id_})
        known = seen.replace(id_, "ID")

        assert mark(other) not in known
        if f"tenants/{other}" in str(request):
            assert known.startswith("PERMISSION_DENIED SCOPE_MISMATCH"), known


@in_directions([rpc for rpc in TENANT_RPCS if has_ids(rpc)])
async def test_an_id_of_another_tenant_gets_the_same_answer_as_an_unknown_one(
    channels, key, filled, rpc, own, other
):
    nobodys = "nobodys-id"
    unknown = await answer(rpc, channels, key, own, {"tenant": own, "*": nobodys})
    for id_ in ids_of(filled, rpc, other):
        seen = await answer(rpc, channels, key, own, {"tenant": own, "*": id_})

        assert mark(other) not in seen.replace(id_, "ID")
        assert seen.replace(id_, "ID") == unknown.replace(nobodys, "ID")


# Not audit's: an event that no service signed is refused to its own tenant, too. What is signed is
# read by its tenant alone in tests/audit.
READABLE = {
    "catalog_opt_in.v1.FileService": ("GetFile",),
    "catalog_opt_in.v1.ListingService": ("GetListing", "ListListings"),
    "catalog_opt_in.v1.StorefrontService": ("GetStoreProduct", "ListStoreProducts"),
    "commerce.v1.CustomerGroupService": ("GetCustomerGroup", "ListCustomerGroups"),
    "commerce.v1.CustomerService": ("GetCustomer", "ListCustomers"),
    "commerce.v1.FulfillmentSetService": ("GetFulfillmentSet", "ListFulfillmentSets"),
    "commerce.v1.OrderService": ("GetOrder", "ListOrders"),
    "commerce.v1.PaymentService": ("GetPayment", "ListPayments"),
    "commerce.v1.PromotionService": ("GetPromotion", "ListPromotions"),
    "commerce.v1.RegionService": ("GetRegion", "ListRegions"),
    "commerce.v1.ShippingProfileService": ("GetShippingProfile", "ListShippingProfiles"),
    "tenant_registry.v1.ApiKeyService": ("GetApiKey", "ListApiKeys"),
    "tenant_registry.v1.InviteService": ("GetInvite", "ListInvites"),
    "tenant_registry.v1.TenantRegistryService": ("GetTenant", "ListDomains"),
}


@pytest.mark.parametrize("tenant", TENANTS)
async def test_reads_do_find_the_tenants_own_rows(channels, key, filled, tenant):
    """Otherwise the two tests above would prove nothing."""
    paths = {f"/souk.{service}/{name}" for service, names in READABLE.items() for name in names}
    readable = set()
    for rpc in (rpc for rpc in TENANT_RPCS if rpc.path in paths):
        for id_ in ids_of(filled, rpc, tenant):
            seen = await answer(rpc, channels, key, tenant, {"tenant": tenant, "*": id_})
            if seen.startswith("OK") and mark(tenant) in seen:
                readable.add(rpc.path)
                break
    assert readable == paths


async def test_reads_at_the_same_time_get_their_own_tenants_rows(channels, key, filled):
    """The reads of one round trip share connections that are never reset between callers."""
    rpcs = [rpc for rpc in TENANT_RPCS if rpc.path.endswith("Service/ListStoreProducts")]
    rpcs += [rpc for rpc in TENANT_RPCS if rpc.path.endswith("Service/ListListings")]
    gate = asyncio.Semaphore(6)

    async def read(number: int) -> tuple[str, str]:
        tenant = TENANTS[number % 2]
        async with gate:
            ids = {"tenant": tenant, "*": "x"}
            return tenant, await answer(rpcs[number % 3 % 2], channels, key, tenant, ids)

    answers = await asyncio.gather(*(read(number) for number in range(400)))

    served = [(tenant, seen) for tenant, seen in answers if seen.startswith("OK")]
    assert len(served) > 200  # the others found the database busy
    for tenant, seen in served:
        other = TENANTS[1 - TENANTS.index(tenant)]
        assert mark(tenant) in seen
        assert mark(other) not in seen
