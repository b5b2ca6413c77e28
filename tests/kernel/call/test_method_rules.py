"""Permissions are read from the contract, and refuse by default."""

from typing import Any, cast

import pytest
from grpc_health.v1 import health_pb2
from souk.audit.v1 import audit_service_pb2
from souk.catalog_opt_in.v1 import listing_service_pb2
from souk.tenant_registry.v1 import tenant_registry_service_pb2

from services.kernel.call.errors import PermissionDenied
from services.kernel.call.method_rules import Rule, rules
from services.kernel.call.scope import Scope, bound, current_scope


def scope(tenant, *permissions):
    return Scope(tenant, "admins/user_1", frozenset(permissions))


def test_every_method_of_the_contract_says_its_permission_and_its_reach():
    files = (audit_service_pb2, listing_service_pb2, tenant_registry_service_pb2)

    found = rules(s for file in files for s in file.DESCRIPTOR.services_by_name.values())

    assert found["/souk.catalog_opt_in.v1.ListingService/CreateListing"] == Rule(
        "listing:write", platform=False
    )
    assert found["/souk.tenant_registry.v1.TenantRegistryService/CreateTenant"].platform


def test_a_method_that_says_neither_stops_the_service_from_starting():
    with pytest.raises(RuntimeError, match="must declare its permission"):
        rules([cast(Any, health_pb2.DESCRIPTOR.services_by_name["Health"])])


@pytest.mark.parametrize(
    ("rule", "caller"),
    [
        (Rule("listing:write", platform=False), scope("paris")),
        (Rule("listing:write", platform=False), scope("paris", "listing:read")),
        (Rule("listing:write", platform=False), scope(None, "listing:write")),
        (Rule("tenant:list", platform=True), scope("paris", "tenant:list")),
        (Rule("tenant:list", platform=True), scope(None, "tenant:read")),
        (Rule("admin:read", platform=None), scope("paris", "tenant:read")),
        (Rule("admin:read", platform=None), scope(None, "tenant:read")),
    ],
)
def test_a_scope_without_the_permission_or_in_the_wrong_place_is_refused(rule, caller):
    with pytest.raises(PermissionDenied):
        rule.check(caller)


@pytest.mark.parametrize("tenant", ["paris", "lyon"])
def test_a_permission_that_an_access_grant_would_give_is_refused_with_that_reason(tenant):
    caller = Scope(tenant, "admins/user_1", frozenset(), withheld=frozenset({"listing:write"}))

    for permission, reason in (
        ("listing:write", "ACCESS_GRANT_NEEDED"),
        ("listing:read", "PERMISSION_MISSING"),
    ):
        with pytest.raises(PermissionDenied) as refused:
            Rule(permission, platform=False).check(caller)
        assert (refused.value.reason, refused.value.metadata) == (
            reason,
            {"permission": permission},
        )


def test_a_scope_with_the_permission_in_the_right_place_is_let_through():
    Rule("listing:write", platform=False).check(scope("paris", "listing:write"))
    Rule("tenant:list", platform=True).check(scope(None, "tenant:list"))
    Rule("admin:read", platform=None).check(scope("paris", "admin:read"))
    Rule("admin:read", platform=None).check(scope(None, "admin:read"))


@pytest.mark.parametrize(
    "name",
    ["tenants/lyon", "tenants/lyon/listings/x", "tenants/parisian", "tenants/", "", "products/x"],
)
def test_a_scope_covers_no_name_outside_its_tenant(name):
    with pytest.raises(PermissionDenied) as refused:
        scope("paris").require(name)
    assert refused.value.reason == "SCOPE_MISMATCH"


def test_a_scope_covers_its_tenant_and_what_lies_below():
    scope("paris").require("tenants/paris")
    scope("paris").require("tenants/paris/listings/x")


@pytest.mark.parametrize("name", ["tenants/paris/", "tenants/paris/listings", "tenants/lyon", ""])
def test_a_parent_is_the_tenant_itself_and_nothing_below(name):
    scope("paris").require_parent("tenants/paris")
    with pytest.raises(PermissionDenied):
        scope("paris").require_parent(name)


def test_the_platforms_scope_covers_no_tenant():
    with pytest.raises(PermissionDenied):
        scope(None).require("tenants/None")


def test_a_scope_is_bound_for_its_block_alone():
    with bound(scope("paris")):
        with bound(scope("lyon")):
            assert current_scope().tenant == "lyon"
        assert current_scope().tenant == "paris"
    with pytest.raises(RuntimeError, match="no scope is bound"):
        current_scope()
