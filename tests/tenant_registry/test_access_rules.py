from datetime import UTC, datetime, timedelta

import pytest
from google.protobuf import descriptor_pool
from souk.audit.v1 import audit_service_pb2
from souk.catalog_opt_in.v1 import catalog_service_pb2, listing_service_pb2, storefront_service_pb2
from souk.kernel.v1 import access_pb2
from souk.tenant_registry.v1 import (
    access_grant_service_pb2,
    access_service_pb2,
    account_service_pb2,
    admin_service_pb2,
    api_key_service_pb2,
    assignment_service_pb2,
    denial_service_pb2,
    invite_service_pb2,
    oidc_service_pb2,
    role_service_pb2,
    session_service_pb2,
    tenant_registry_service_pb2,
)

from services.tenant_registry.roles.evaluation import AssignedPolicy
from services.tenant_registry.roles.evaluation import access as access_of
from services.tenant_registry.roles.permissions import OF_SERVICES, PERMISSIONS, expanded

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTRACT = (
    audit_service_pb2,
    access_grant_service_pb2,
    access_service_pb2,
    account_service_pb2,
    admin_service_pb2,
    api_key_service_pb2,
    assignment_service_pb2,
    denial_service_pb2,
    role_service_pb2,
    catalog_service_pb2,
    invite_service_pb2,
    listing_service_pb2,
    oidc_service_pb2,
    session_service_pb2,
    storefront_service_pb2,
    tenant_registry_service_pb2,
)


def access(grants, *, at, now, opened=("paris", "lyon")):
    return access_of(grants, at=at, now=now, open_tenants=opened)


def grant(role="TenantAdmin", tenant="paris", reach="TENANT", patterns=("listing:*",), **times):
    known = {"from_time": NOW - HOUR, "until_time": None, "revoke_time": None}
    return AssignedPolicy(role=role, tenant=tenant, reach=reach, patterns=patterns, **known | times)


def test_the_known_permissions_are_those_that_the_methods_ask_for():
    asked: dict[str, set[str]] = {"PLATFORM": set(), "TENANT": set()}
    for module in CONTRACT:
        file = descriptor_pool.Default().FindFileByName(module.DESCRIPTOR.name)
        for service in file.services_by_name.values():
            for method in service.methods:
                options = method.GetOptions()
                reach = access_pb2.Reach.Name(options.Extensions[access_pb2.reach])
                places = asked if reach == "REACH_EITHER" else [reach.removeprefix("REACH_")]
                for place in places:
                    asked[place].add(options.Extensions[access_pb2.permission])

    assert {reach: held - OF_SERVICES for reach, held in asked.items()} == PERMISSIONS
    assert asked["PLATFORM"] | asked["TENANT"] >= OF_SERVICES


def test_a_grant_at_one_tenant_allows_nothing_at_another():
    grants = [grant(tenant="paris")]

    assert access(grants, at="paris", now=NOW).permissions == {"listing:read", "listing:write"}
    assert access(grants, at="lyon", now=NOW).permissions == frozenset()
    assert access(grants, at=None, now=NOW).permissions == frozenset()


def test_a_grant_everywhere_counts_at_every_tenant():
    grants = [grant(tenant=None)]

    for tenant in ("paris", "lyon"):
        assert access(grants, at=tenant, now=NOW).permissions == {"listing:read", "listing:write"}


def test_a_policy_counts_at_its_reach_alone():
    platform = [grant(tenant=None, reach="PLATFORM", patterns=("*:*",))]

    assert access(platform, at=None, now=NOW).permissions == PERMISSIONS["PLATFORM"]
    assert access(platform, at="paris", now=NOW).permissions == frozenset()


def test_a_platform_policy_given_at_one_tenant_counts_nowhere():
    grants = [grant(tenant="paris", reach="PLATFORM", patterns=("*:*",))]

    assert access(grants, at=None, now=NOW).permissions == frozenset()
    assert access(grants, at="paris", now=NOW).permissions == frozenset()


@pytest.mark.parametrize(
    ("times", "counts"),
    [
        ({"from_time": NOW}, True),
        ({"from_time": NOW + HOUR}, False),
        ({"until_time": NOW + HOUR}, True),
        ({"until_time": NOW}, False),
        ({"revoke_time": NOW}, False),
        ({"revoke_time": NOW - HOUR}, False),
        ({"revoke_time": NOW + HOUR}, True),
    ],
)
def test_a_grant_counts_from_its_begin_until_its_end_or_its_revocation(times, counts):
    assert bool(access([grant(**times)], at="paris", now=NOW).permissions) is counts


def test_several_roles_add_up_and_are_named():
    grants = [
        grant(role="CatalogMgr", patterns=("product:*",)),
        grant(role="TenantAdmin", patterns=("tenant:read",)),
        grant(role="OrderOps", tenant="lyon"),
    ]

    found = access(grants, at="paris", now=NOW)

    assert found.permissions == {"product:read", "product:write", "tenant:read"}
    assert found.roles == {"CatalogMgr", "TenantAdmin"}


@pytest.mark.parametrize(
    "pattern", ["*:*", "session:*", "event:record", "*:resolve", "host:resolve"]
)
def test_no_pattern_gives_an_admin_what_is_for_services(pattern):
    for reach in PERMISSIONS:
        assert not expanded(pattern, reach) & OF_SERVICES


def test_a_verb_can_stand_for_every_noun():
    assert expanded("*:read", "TENANT") == {p for p in PERMISSIONS["TENANT"] if p.endswith(":read")}


@pytest.mark.parametrize(
    "pattern", ["order:*", "listing", "", "*", "Listing:read", "listing:read:x"]
)
def test_a_pattern_that_nobody_knows_gives_nothing(pattern):
    assert expanded(pattern, "TENANT") == frozenset()
