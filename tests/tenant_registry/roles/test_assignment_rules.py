"""Who may give, take and do what over whom: the rules alone, every combination of them."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from services.tenant_registry.roles.assignment_rules import (
    Holder,
    Refused,
    may_act_on,
    may_give,
    missing_permissions,
)
from services.tenant_registry.roles.evaluation import AssignedPolicy

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
# As the migrations seed them; a test of the database compares.
ROLES: dict[str, dict[str, tuple[str, ...]]] = {
    "GlobalAdmin": {"PLATFORM": ("*:*",), "TENANT": ("*:*",)},
    "TenantAdmin": {
        "TENANT": (
            "tenant:read", "tenant:write", "domain:*", "event:read", "admin:*", "assignment:*",
            "role:*", "access:explain", "accessgrant:read", "key:*", "listing:*", "product:read",
            "collection:read", "category:read", "storefront:read", "order:*", "payment:*",
            "fulfillment:*", "customer:*", "file:*", "region:*", "tax:*", "shipping:*",
            "promotion:*",
            "pricelist:*",
            "stock:*",
        )
    },
    "CatalogMgr": {
        "TENANT": ("product:*", "collection:*", "category:*", "listing:*", "storefront:read",
                   "tenant:read", "file:*", "region:read", "stock:*", "pricelist:*")
    },
    "OrderOps": {
        "TENANT": ("order:*", "payment:*", "fulfillment:*", "customer:read", "listing:read",
                   "product:read", "tenant:read", "region:read", "stock:read")
    },
}  # fmt: skip
SCOPES = (None, "paris", "lyon")


def role(name, tenant, **times):
    """What one role gives at a tenant or, with None, everywhere."""
    known = {"from_time": NOW - HOUR, "until_time": None, "revoke_time": None}
    return [
        AssignedPolicy(name, tenant, reach=reach, patterns=patterns, assignment=f"{name}@{tenant}",
              **known | times)
        for reach, patterns in ROLES[name].items()
    ]  # fmt: skip


def holder(name, *roles, active=True):
    return Holder(name, active, tuple(grant for one in roles for grant in one))


def refused(act, *arguments, **options):
    try:
        act(*arguments, now=NOW, **options)
    except Refused as refusal:
        return refusal.reason
    return None


# An oracle of its own: each role as the letters of what it holds that others do not.
LETTERS = {"GlobalAdmin": "GTCO", "TenantAdmin": "TO", "CatalogMgr": "C", "OrderOps": "O"}
WORLDS = {None: ("platform", "nice"), "paris": ("paris",), "lyon": ("lyon",)}


def letters(role_, at, world):
    """What a role that was given at a tenant or everywhere comes to in one of the worlds."""
    if world == "platform":
        return set("P") if (role_, at) == ("GlobalAdmin", None) else set()
    return set(LETTERS[role_]) if at in (None, world) else set()


def no_more(theirs, where, own, at, place):
    return all(letters(theirs, where, w) <= letters(own, at, w) for w in WORLDS[place])


@pytest.mark.parametrize("own", ROLES)
@pytest.mark.parametrize("at", SCOPES)
def test_nobody_gives_what_they_do_not_hold_there(own, at):
    granter, target = holder("a", role(own, at)), holder("b")

    for given, place in product(ROLES, SCOPES):
        expected = None if no_more(given, place, own, at, place) else "GRANT_EXCEEDS"
        if given == "GlobalAdmin" and place is not None:
            expected = "ROLE_IS_GLOBAL"
        assert refused(may_give, granter, target, role(given, place)) == expected, (given, place)


@pytest.mark.parametrize("own", ROLES)
@pytest.mark.parametrize("at", SCOPES)
def test_nobody_acts_over_who_holds_more_there(own, at):
    granter = holder("a", role(own, at))

    for theirs, where, place in product(ROLES, SCOPES, SCOPES):
        over = refused(may_act_on, granter, holder("b", role(theirs, where)), {place})
        expected = None if no_more(theirs, where, own, at, place) else "GRANT_OVER_MORE"
        assert over == expected, (theirs, where, place)


@pytest.mark.parametrize("own", ROLES)
@pytest.mark.parametrize("at", SCOPES)
def test_nobody_gives_themselves_anything(own, at):
    granter = holder("a", role(own, at))

    for given, place in product(ROLES, SCOPES):
        assert refused(may_give, granter, granter, role(given, place)) == "GRANT_TO_SELF"


@pytest.mark.parametrize(
    ("until", "reason"),
    [(None, "GRANT_EXCEEDS"), (NOW + 2 * HOUR, "GRANT_EXCEEDS"), (NOW + HOUR, None)],
)
def test_nobody_gives_a_role_for_longer_than_they_hold_it(until, reason):
    granter = holder("a", role("TenantAdmin", "paris", until_time=NOW + HOUR))

    given = role("TenantAdmin", "paris", until_time=until)
    assert refused(may_give, granter, holder("b"), given) == reason


@pytest.mark.parametrize(
    "times",
    [{"from_time": NOW + HOUR}, {"until_time": NOW}, {"revoke_time": NOW}],
    ids=["not yet", "no longer", "taken back"],
)
def test_a_role_that_does_not_count_now_cannot_be_given_on(times):
    granter = holder("a", role("TenantAdmin", "paris", **times))

    given = role("OrderOps", "paris", until_time=NOW + HOUR / 2)
    assert refused(may_give, granter, holder("b"), given) == "GRANT_EXCEEDS"
    gone = holder("a", role("TenantAdmin", "paris"), active=False)
    assert refused(may_give, gone, holder("b"), role("OrderOps", "paris")) == "GRANT_EXCEEDS"


def test_a_role_that_begins_later_already_protects_its_holder():
    granter = holder("a", role("TenantAdmin", "paris"))
    target = holder("b", role("GlobalAdmin", None, from_time=NOW + HOUR))

    assert refused(may_act_on, granter, target, {"paris"}) == "GRANT_OVER_MORE"


def test_everybody_may_lay_down_a_role_of_their_own():
    catalogue = holder("a", role("CatalogMgr", "paris"))

    assert refused(may_act_on, catalogue, catalogue, {"paris"}) is None


@pytest.mark.parametrize(
    ("required", "held", "missing"),
    [
        (["tenant:read"], {"tenant:*"}, []),
        (["tenant:*"], {"tenant:read"}, ["tenant:manage", "tenant:write"]),
        (["voucher:read"], {"voucher:*"}, []),
        (["voucher:*"], {"voucher:read"}, ["voucher:*"]),
        (["voucher:*"], {"listing:*"}, ["voucher:*"]),
        (["*:read"], {"*:*"}, []),
    ],
)
def test_a_wildcard_requires_every_permission_that_it_matches_now_or_later(required, held, missing):
    assert missing_permissions(required, frozenset(held), "TENANT") == missing
