"""Which assigned policies count where and when: the rules alone."""

from datetime import UTC, datetime, timedelta

import pytest
from souk.kernel.v1 import access_pb2

from services.tenant_registry.roles.evaluation import AssignedPolicy
from services.tenant_registry.roles.evaluation import access as access_of
from services.tenant_registry.roles.permissions import OF_SERVICES, PERMISSIONS, expanded
from tests.isolation.contract import every_rpc

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def access(grants, *, at, now, opened=("paris", "lyon")):
    return access_of(grants, at=at, now=now, open_tenants=opened)


def grant(role="TenantAdmin", tenant="paris", reach="TENANT", patterns=("listing:*",), **times):
    known = {"from_time": NOW - HOUR, "until_time": None, "revoke_time": None}
    return AssignedPolicy(role=role, tenant=tenant, reach=reach, patterns=patterns, **known | times)


def test_the_known_permissions_are_those_that_the_methods_ask_for():
    required: dict[str, set[str]] = {"PLATFORM": set(), "TENANT": set()}
    for rpc in every_rpc():
        reach = access_pb2.Reach.Name(access_pb2.Reach.ValueType(rpc.reach))
        for place in required if reach == "REACH_EITHER" else [reach.removeprefix("REACH_")]:
            required[place].add(rpc.permission)

    assert {reach: held - OF_SERVICES for reach, held in required.items()} == PERMISSIONS
    assert required["PLATFORM"] | required["TENANT"] >= OF_SERVICES


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
    "pattern", ["voucher:*", "listing", "", "*", "Listing:read", "listing:read:x"]
)
def test_a_pattern_that_nobody_knows_gives_nothing(pattern):
    assert expanded(pattern, "TENANT") == frozenset()
