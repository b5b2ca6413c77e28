"""Domains of a tenant: added, listed and removed."""

import asyncio
import uuid

import pytest
from souk.tenant_registry.v1 import tenant_registry_service_pb2 as pb

from services.kernel.call.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ServiceError,
)
from services.tenant_registry.tenants.rules import DOMAINS_LIMIT
from tests.tenant_registry.calls import remove


async def test_the_first_domain_is_primary_and_a_later_one_when_it_shall_be(
    new_tenant, add_domain, domains_of, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    first, second, third = new_host(), new_host(), new_host()

    await add_domain(paris, first)
    await add_domain(paris, second)
    await add_domain(paris, third, primary=True)
    await add_domain(lyon, other := new_host())

    assert await domains_of(paris) == [(third, True), (first, False), (second, False)]
    assert await domains_of(lyon) == [(other, True)]


async def test_a_host_is_normalised_and_shown_as_people_read_it(new_tenant, add_domain, new_host):
    paris = await new_tenant("paris")
    plain = new_host()

    added = await add_domain(paris, f"Straße-{plain.upper()}.:443")

    assert added.display_host == f"straße-{plain}"
    assert added.name.startswith(f"tenants/{paris}/domains/xn--strae-")


async def test_a_host_belongs_to_one_tenant_in_every_spelling(new_tenant, add_domain, new_host):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    host = new_host()
    await add_domain(paris, host)

    for tenant in (paris, lyon):
        for spelling in (host, host.upper(), host + ".", host + ":8443"):
            with pytest.raises(AlreadyExists) as refusal:
                await add_domain(tenant, spelling)
            assert refusal.value.reason == "DOMAIN_TAKEN"


async def test_of_tenants_that_race_for_a_host_one_gets_it(
    registry, new_tenant, add_domain, resolve, new_host
):
    tenants = [await new_tenant("paris"), await new_tenant("lyon")] * 3
    host = new_host()

    outcomes = await asyncio.gather(
        *(add_domain(tenant, host) for tenant in tenants), return_exceptions=True
    )

    won = [one.name for one in outcomes if not isinstance(one, BaseException)]
    assert len(won) == 1
    assert (await resolve(host)).tenant.name == won[0].partition("/domains/")[0]


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("", "HOST_EMPTY"),
        ("localhost", "HOST_SUFFIX"),
        ("co.uk", "HOST_SUFFIX"),
        ("127.0.0.1", "HOST_ADDRESS"),
        ("127.1", "HOST_ADDRESS"),
        ("[::1]", "HOST_ADDRESS"),
        ("shop.example:99999", "HOST_PORT"),
        ("shop@x.example", "HOST_CHARACTER"),
        ("a_b.example", "HOST_CHARACTER"),
        ("pаypal.example", "HOST_MIXED_SCRIPT"),  # noqa: RUF001 - the second letter is Cyrillic
        ("impactnutrition.com", "HOST_RESERVED"),
        ("IMPACTNUTRITION.COM.", "HOST_RESERVED"),
        ("hq.impactnutrition.com", "HOST_RESERVED"),
        ("nobody.impactnutrition.com", "HOST_RESERVED"),
        ("shop.hq.impactnutrition.com", "HOST_RESERVED"),
    ],
)
async def test_a_host_that_cannot_be_a_tenants_is_refused(new_tenant, add_domain, host, why):
    paris = await new_tenant("paris")

    with pytest.raises(InvalidArgument) as refusal:
        await add_domain(paris, host)

    assert (refusal.value.reason, refusal.value.metadata["why"]) == ("HOST_INVALID", why)
    assert list(refusal.value.violations) == ["host"]


async def test_a_tenant_may_add_its_own_subdomain_of_the_base_domain(new_tenant, add_domain):
    paris = await new_tenant("paris")

    await add_domain(paris, f"{paris}.impactnutrition.com")
    await add_domain(paris, f"b2b.{paris}.impactnutrition.com")


async def test_the_oldest_that_remains_becomes_primary(
    registry, new_tenant, add_domain, domains_of, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    hosts = [new_host() for _ in range(3)]
    for one in hosts:
        await add_domain(paris, one)
    await add_domain(lyon, new_host())

    await remove(registry, paris, hosts[0])
    assert await domains_of(paris) == [(hosts[1], True), (hosts[2], False)]

    await remove(registry, paris, hosts[2])
    await remove(registry, paris, hosts[1])
    assert await domains_of(paris) == []
    assert len(await domains_of(lyon)) == 1


async def test_another_tenants_domain_is_not_found_and_stays(
    registry, new_tenant, add_domain, domains_of, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    await add_domain(lyon, lyons := new_host())

    for unreachable in (lyons, new_host()):
        with pytest.raises(NotFound) as refusal:
            await remove(registry, paris, unreachable)
        assert refusal.value.reason == "DOMAIN_NOT_FOUND"
    with pytest.raises(PermissionDenied):
        await registry(paris).DeleteDomain(
            pb.DeleteDomainRequest(name=f"tenants/{lyon}/domains/{lyons}")
        )

    assert await domains_of(lyon) == [(lyons, True)]


async def test_a_removed_host_is_free_for_another_tenant(
    registry, new_tenant, add_domain, resolve, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    host = new_host()
    await add_domain(paris, host)
    await remove(registry, paris, host)

    await add_domain(lyon, host)

    assert (await resolve(host)).tenant.name == f"tenants/{lyon}"


async def test_exactly_one_domain_is_primary_whatever_happens_at_once(
    registry, new_tenant, add_domain, domains_of, new_host
):
    paris = await new_tenant("paris")
    first = [new_host() for _ in range(4)]
    for one in first:
        await add_domain(paris, one)

    outcomes = await asyncio.gather(
        *(remove(registry, paris, one) for one in first),
        *(add_domain(paris, new_host(), primary=True) for _ in range(4)),
        return_exceptions=True,
    )

    assert not [one for one in outcomes if isinstance(one, ServiceError)]
    assert [primary for _, primary in await domains_of(paris)] == [True, False, False, False]


async def test_a_tenant_has_a_bounded_number_of_domains_also_when_added_at_once(
    new_tenant, add_domain, domains_of, database, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    connection = await database("tenant-registry", "platform")
    await (await database("tenant-registry", "superuser")).executemany(
        "INSERT INTO domain (tenant_id, host, is_primary, create_time) VALUES ($1, $2, $3, now())",
        [(paris, new_host(), number == 0) for number in range(DOMAINS_LIMIT - 1)],
    )

    outcomes = await asyncio.gather(
        *(add_domain(paris, new_host()) for _ in range(3)), return_exceptions=True
    )

    refused = [one for one in outcomes if isinstance(one, ServiceError)]
    assert [(type(one), one.reason) for one in refused] == [
        (FailedPrecondition, "DOMAINS_FULL")
    ] * 2
    counted = "SELECT count(*) FROM domain WHERE tenant_id = $1"
    assert await connection.fetchval(counted, paris) == DOMAINS_LIMIT
    await add_domain(lyon, new_host())


async def test_a_deleted_tenant_gets_no_domain_but_can_give_one_up(
    registry, new_tenant, add_domain, domains_of, new_host
):
    paris = await new_tenant("paris")
    await add_domain(paris, host := new_host())
    await registry(paris).DeleteTenant(pb.DeleteTenantRequest(name=f"tenants/{paris}"))

    with pytest.raises(FailedPrecondition) as refusal:
        await add_domain(paris, new_host())
    assert refusal.value.reason == "TENANT_ARCHIVED"

    await remove(registry, paris, host)
    assert await domains_of(paris) == []


async def test_the_same_request_twice_adds_once(
    new_tenant, add_domain, domains_of, events_of, new_host
):
    paris = await new_tenant("paris")
    host, request_id = new_host(), str(uuid.uuid4())

    answers = await asyncio.gather(
        *(add_domain(paris, host, request_id=request_id) for _ in range(3))
    )

    assert all(answer == answers[0] for answer in answers)
    assert await domains_of(paris) == [(host, True)]
    name = f"tenants/{paris}/domains/{host}"
    assert len(await events_of(paris, number=1, resource=name)) == 1


async def test_a_domain_leaves_an_event_when_it_comes_and_when_it_goes(
    registry, new_tenant, add_domain, events_of, new_host
):
    paris, lyon = await new_tenant("paris"), await new_tenant("lyon")
    await add_domain(paris, host := new_host())
    await remove(registry, paris, host)

    events = await events_of(paris, number=2, resource=f"tenants/{paris}/domains/{host}")

    methods = [event.method.rpartition("/")[2] for event in events]
    assert methods == ["CreateDomain", "DeleteDomain"]
    assert len(await events_of(lyon, number=1)) == 1
