"""Counting requests: exact where it must be, quick where it may be, and never open."""

import asyncio
from contextlib import asynccontextmanager

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.limits import Kind, Limit, Limiter, RedisCounts, kind_of
from gateway.limits.plans import (
    PLANS,
    Quota,
    account_limits,
    login_limits,
    lookup_limits,
    refusal_limits,
    request_limits,
    scope_limits,
)
from tests.gateway.two_tenants import NOWHERE

TEN = Quota(per_second=10, burst=5)
ADDRESSES = ("203.0.113.5", "2001:db8::1", "")


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """A busy machine is not a Redis that went."""
    for module in ("gateway.cache.redis", "gateway.limits.redis_counts"):
        monkeypatch.setattr(f"{module}.CALL_SECONDS", 5.0)


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def limit(name="address", quota=TEN, whose="paris"):
    return Limit(name, f"souk:limit:{name}:{whose}", quota)


@asynccontextmanager
async def limiter(url=NOWHERE, clock=None):
    made = Limiter(RedisCounts(url), clock=clock or Clock())
    try:
        yield made
    finally:
        await made.close()


def passed(counting, limits, number):
    return sum(not counting.count(limits).is_refused for _ in range(number))


async def test_a_burst_passes_and_then_one_for_each_interval():
    clock = Clock()
    async with limiter(clock=clock) as counting:
        assert passed(counting, (limit(),), 20) == 5
        clock.now += 0.1
        assert passed(counting, (limit(),), 20) == 1
        clock.now += 3600
        assert passed(counting, (limit(),), 20) == 5
        assert passed(counting, (limit(whose="lyon"),), 20) == 5


async def test_a_request_refused_by_one_limit_counts_against_no_other():
    wide, narrow = limit("tenant", Quota(10, 50)), limit("address")
    async with limiter() as counting:
        assert passed(counting, (wide, narrow), 50) == 5
        assert passed(counting, (wide,), 100) == 45


async def test_the_headers_report_what_remains_of_the_tightest_limit():
    wide, narrow = limit("tenant", Quota(10, 50)), limit("address")
    async with limiter() as counting:
        verdicts = [counting.count((wide, narrow)) for _ in range(6)]

    assert [one.remaining for one in verdicts] == [4, 3, 2, 1, 0, 0]
    assert {one.tightest for one in verdicts} == {narrow}
    assert [one.is_refused for one in verdicts] == [False] * 5 + [True]
    fields = dict(verdicts[0].headers())
    assert http_sf.parse(fields[b"ratelimit-policy"], tltype="list") == [
        ("tenant", {"q": 50, "w": 5}),
        ("address", {"q": 5, "w": 1}),
    ]
    assert http_sf.parse(fields[b"ratelimit"], tltype="list") == [("address", {"r": 4, "t": 1})]


async def test_processes_learn_what_the_others_counted(redis_url):
    limits = (limit(quota=Quota(1, 10)),)
    async with limiter(redis_url) as one, limiter(redis_url) as other:
        assert (passed(one, limits, 6), passed(other, limits, 3)) == (6, 3)

        for each in (one, other, one):
            passed(each, (limit(whose="lyon"),), 1)
            await each.settle()
        await one.settle()

        assert other.count(limits).remaining == 0
        passed(one, limits, 1)
        await one.settle()
        assert one.count(limits).is_refused


async def test_in_redis_the_count_is_exact_however_many_ask_at_once(redis_url):
    limits = (limit("tenant", Quota(0.01, 200)), limit("principal", Quota(0.01, 100)))
    async with limiter(redis_url) as one, limiter(redis_url) as other:
        pending = [each.count_exactly(limits) for each in (one, other) for _ in range(200)]
        verdicts = []
        for start in range(0, len(pending), 10):
            verdicts += await asyncio.gather(*pending[start : start + 10])

    assert sum(not one.is_refused for one in verdicts) == 100
    assert {one.tightest.name for one in verdicts if one.is_refused} == {"principal"}


async def test_without_redis_the_rate_is_half_and_never_open():
    clock = Clock()
    async with limiter(clock=clock) as counting:
        allowed = 0
        for _ in range(1000):
            allowed += not (await counting.count_exactly((limit(quota=Quota(1, 20)),))).is_refused
            clock.now += 0.01
        assert counting.is_alone
        assert 10 <= allowed <= 10 + 5


async def test_quota_used_before_redis_failed_stays_used(redis_url):
    limits = (limit(quota=Quota(0.01, 20)),)
    async with limiter(redis_url) as counting:
        for _ in range(20):
            assert not (await counting.count_exactly(limits)).is_refused
        await counting._shared.close()
        counting._shared = RedisCounts(NOWHERE)

        assert (await counting.count_exactly(limits)).is_refused


async def test_local_counts_reach_redis_when_it_is_back(redis_url):
    limits = (limit(quota=Quota(0.01, 20)),)
    async with limiter(NOWHERE) as counting:
        assert passed(counting, limits, 6) == 6
        await counting.settle()
        assert counting.is_alone
        await counting._shared.close()
        counting._shared = RedisCounts(redis_url)
        await counting.settle()
        assert not counting.is_alone

        async with limiter(redis_url) as other:
            assert (await other.count_exactly(limits)).remaining == 13


@pytest.mark.parametrize("rubbish", [b"\xff", b"-1", b"nan", b"1e300", b"9" * 40, b"inf"])
async def test_rubbish_in_redis_counts_as_nothing(redis_url, redis, rubbish):
    limits = (limit(),)
    await redis.set(limits[0].key, rubbish)
    async with limiter(redis_url) as counting:
        assert (await counting.count_exactly(limits)).remaining == 4
        await redis.delete(limits[0].key)
        await redis.hset(limits[0].key, "a", "b")
        assert not (await counting.count_exactly(limits)).is_refused


async def test_keys_are_gone_from_redis_when_they_say_nothing_more(redis_url, redis):
    async with limiter(redis_url) as counting:
        await counting.count_exactly((limit(),))
        assert 0 < await redis.pttl(limit().key) <= 200


async def test_a_flood_of_addresses_grows_nothing():
    async with limiter() as counting:
        for number in range(50_000):
            counting.count((limit(whose=str(number)),))

        assert len(counting._counts) <= 20_000
        assert len(counting._unsent) <= 20_000


async def test_another_plan_counts_from_now_on_and_forgets_nothing():
    async with limiter() as counting:
        assert passed(counting, (limit(),), 20) == 5
        assert passed(counting, (limit(quota=Quota(100, 100)),), 200) == 50


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/store/products", Kind.STORE_READ),
        ("HEAD", "/docs", Kind.STORE_READ),
        ("GET", "/uploads/file_1", Kind.PICTURE),
        ("HEAD", "/uploads/file_1", Kind.PICTURE),
        ("POST", "/admin/uploads", Kind.WRITE),
        ("GET", "/admin/uploads/file_1", Kind.ADMIN_READ),
        ("GET", "/admin/tenants", Kind.ADMIN_READ),
        ("POST", "/admin/tenants", Kind.WRITE),
        ("PURGE", "/store/products", Kind.WRITE),
        ("POST", "/auth/user/emailpass", Kind.LOGIN),
        ("POST", "/auth/", Kind.LOGIN),
        ("GET", "/auth/user/oidc/company/callback", Kind.LOGIN),
        ("OPTIONS", "/auth/user/emailpass", Kind.STORE_READ),
        ("DELETE", "/auth/session", Kind.WRITE),
        ("POST", "/auth/customer/emailpass", Kind.LOGIN),
        ("POST", "/auth/customer/emailpass/register", Kind.LOGIN),
    ],
)
def test_every_request_is_of_one_kind(method, path, kind):
    assert kind_of(method, path) is kind


def test_a_plan_without_limits_counts_nothing_but_logins():
    for kind in (Kind.STORE_READ, Kind.WRITE):
        given_ = {"tenant": "paris", "plan": "unlimited"}
        assert request_limits(kind, **given_, address="203.0.113.5") == ()
        assert scope_limits(kind, **given_, actor="admins/a") == ()
    assert login_limits("203.0.113.5", per_minute=60)[0].quota.burst == 60


def test_only_what_shoppers_read_counts_for_the_tenant_before_the_caller_is_known():
    for tenant in ("paris", "lyon"):
        for kind in (Kind.STORE_READ, Kind.PICTURE, Kind.ADMIN_READ, Kind.WRITE):
            limits = request_limits(kind, tenant=tenant, plan="trial", address="203.0.113.5")

            counts_for_tenant = "tenant" in [limit.name for limit in limits]
            assert counts_for_tenant == (kind in (Kind.STORE_READ, Kind.PICTURE))


def test_requests_to_an_own_account_count_for_that_admin_alone():
    for kind in (Kind.ADMIN_READ, Kind.WRITE):
        [one], [other] = (account_limits(kind, actor=actor) for actor in ("admins/a", "admins/b"))
        assert one.name == "principal"
        assert one.key != other.key
        at_work = scope_limits(kind, tenant="account", plan="standard", actor="admins/a")
        assert one.key not in {limit.key for limit in at_work}


@pytest.mark.parametrize("plan", [*PLANS, "a plan of next year"])
def test_addresses_of_one_network_are_one_client_and_tenants_are_apart(plan):
    def keys(tenant, address):
        found = request_limits(Kind.STORE_READ, tenant=tenant, plan=plan, address=address)
        return [one.key for one in found]

    assert keys("paris", "2001:db8::1") == keys("paris", "2001:db8::2")
    for one, other in ((("paris", "192.0.2.1"), ("lyon", "192.0.2.1")),):
        assert not set(keys(*one)) & set(keys(*other))


FOR_ADDRESSES = {
    "store read": lambda address, tenant: request_limits(
        Kind.STORE_READ, tenant=tenant, plan="trial", address=address
    )[1:],  # without the tenant's own
    "write": lambda address, tenant: request_limits(
        Kind.WRITE, tenant=tenant, plan="trial", address=address
    ),
    "login": lambda address, _: login_limits(address, per_minute=5),
    "refusal": lambda address, _: refusal_limits(address),
    "look-up": lambda address, _: lookup_limits(address, gateway="g")[:-1],  # without everybody's
}


@pytest.mark.parametrize("limits_of", FOR_ADDRESSES.values(), ids=FOR_ADDRESSES.keys())
async def test_a_client_with_a_48_gets_four_times_what_one_address_gets(limits_of):
    async with limiter() as counting:
        alone = passed(counting, limits_of("2001:db8:1::1", "paris"), 5000)
        site = [
            counting.count(limits_of(f"2001:db8:2:{n % 50:x}::1", "paris")) for n in range(5000)
        ]
        neighbour = passed(counting, limits_of("2001:db8:3::1", "paris"), 5000)

    assert sum(not verdict.is_refused for verdict in site) == 4 * alone
    assert site[-1].tightest.name == "network"
    assert neighbour == alone


names = st.text(st.characters(codec="ascii"), max_size=8)


@given(st.tuples(names, names), st.tuples(names, names))
def test_no_two_principals_share_a_count(one, other):
    def keys(tenant, actor):
        return [
            each.key
            for each in scope_limits(Kind.WRITE, tenant=tenant, plan="trial", actor=actor)
            if each.name == "principal"
        ]

    assert (keys(*one) == keys(*other)) == (one == other)
