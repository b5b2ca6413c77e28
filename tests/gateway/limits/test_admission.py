"""Limits as clients meet them, on a running platform."""

import asyncio
import time
import uuid
from typing import Any

import http_sf
import httpx
import pytest
import pytest_asyncio

from gateway.limits import Kind
from gateway.limits.plans import LOOKUPS_OF_ADDRESS, PLANS, REFUSED
from tests.gateway.conftest import running_valkey
from tests.platform import another_gateway

GUESSES = 300
PER_MINUTE = 30


async def guess(http, **headers):
    login = {"email": f"{uuid.uuid4().hex}@example.org", "password": "guessed"}
    return await http.post("/auth/user/emailpass", json=login, headers=headers)


@pytest_asyncio.fixture
async def tenants(admin):
    """Two open shops, Paris on the smallest plan and Lyon on the one that shops begin with."""
    mark = uuid.uuid4().hex[:8]
    names = {}
    for name, plan in (("paris", "trial"), ("lyon", "standard")):
        names[name] = f"{name}-{mark}"
        path = f"/admin/tenants/{names[name]}"
        shop = {
            "id": names[name],
            "display_name": name,
            "country_code": "fr",
            "currency_code": "eur",
            "default_locale": "fr",
        }
        for made in (
            await admin.post("/admin/tenants", json=shop),
            await admin.post(f"{path}/plan", json={"plan": plan}),
            await admin.post(f"{path}/activate"),
        ):
            assert made.json()["tenant"]["id"] == names[name], made.text
    return names


async def flood(client, number, method, path, **options):
    """Sends many requests, a few at a time, and gives their answers."""
    gate = asyncio.Semaphore(16)

    async def one():
        async with gate:
            return await client.request(method, path, **options)

    return await asyncio.gather(*(one() for _ in range(number)))


def _burst(plan, kind):
    figures = PLANS[plan]
    assert figures is not None
    return figures[kind].address.burst


def refused_of(answers):
    return [answer for answer in answers if answer.status_code == 429]


async def test_a_shop_past_its_plan_gets_retry_after_and_its_neighbour_does_not(http, tenants):
    answers = await flood(http, 200, "GET", f"/t/{tenants['paris']}/store/regions")
    neighbours = await flood(http, 200, "GET", f"/t/{tenants['lyon']}/store/regions")

    refused = refused_of(answers)
    assert refused
    assert len(answers) - len(refused) >= _burst("trial", Kind.STORE_READ)
    assert {answer.status_code for answer in answers} == {200, 429}
    assert {answer.status_code for answer in neighbours} == {200}
    for answer in refused:
        body = answer.json()
        assert (body["type"], body["code"]) == ("too_many_requests", "RATE_LIMITED")
        assert body["details"]["limit"] in ("address", "tenant")
        assert int(answer.headers["retry-after"]) == body["details"]["retry_after_seconds"] >= 1


async def test_an_answer_says_how_much_is_left(http, tenants):
    answer = await http.get(f"/t/{tenants['lyon']}/store/regions")

    policies: Any = http_sf.parse(answer.headers["ratelimit-policy"].encode(), tltype="list")
    state: Any = http_sf.parse(answer.headers["ratelimit"].encode(), tltype="list")
    assert [name for name, _ in policies] == ["tenant", "address"]
    [(name, left)] = state
    assert name == "address"
    assert 0 < left["r"] < dict(policies)[name]["q"]


async def test_writes_are_counted_by_who_makes_them_and_where(admin, tenants):
    paths = {name: f"/admin/tenants/{tenants[name]}/plan" for name in tenants}
    wrong = {"plan": "none of them"}
    answers = await flood(admin, 80, "POST", paths["paris"], json=wrong)
    neighbours = await flood(admin, 80, "POST", paths["lyon"], json=wrong)

    assert {answer.status_code for answer in answers} == {400, 429}
    assert {answer.status_code for answer in neighbours} == {400}


async def test_an_admins_own_account_counts_for_them_and_for_no_tenant(admin, tenants):
    for path in ("/admin/users/me", "/admin/users/me/sessions"):
        own = await admin.get(path)
        wrong = await admin.request("POST", "/admin/users/me/totp/confirm", json={"code": "1"})
        for answer in (own, wrong):
            assert answer.headers["ratelimit-policy"].startswith('"principal"'), path
            assert '"tenant"' not in answer.headers["ratelimit-policy"]
    for tenant in tenants.values():
        answer = await admin.get(f"/admin/tenants/{tenant}")
        assert '"tenant"' in answer.headers["ratelimit-policy"]


@pytest_asyncio.fixture
async def provisioning(admin):
    """A tenant that nobody has opened, on another plan than the head office's."""
    shop = {"id": f"paris-{uuid.uuid4().hex[:8]}", "display_name": "Paris", "country_code": "fr",
            "currency_code": "eur", "default_locale": "fr"}  # fmt: skip
    (await admin.post("/admin/tenants", json=shop)).raise_for_status()
    return shop["id"]


async def test_limits_tell_nobody_that_a_closed_tenant_is_there(http, provisioning):
    def ways(tenant):
        return {
            f"/t/{tenant}/store/regions": {},
            "/store/regions": {"X-Tenant-ID": tenant},
            f"/admin/tenants/{tenant}": {},
            "/store/products": {"Host": f"{tenant}.impactnutrition.com"},
        }

    pairs = zip(ways(provisioning).items(), ways("lyonn").items(), strict=True)
    for (path, headers), (nobodys, others) in pairs:
        closed, none = [
            await http.get(one, headers=given)
            for one, given in ((path, headers), (nobodys, others))
        ]
        assert closed.headers["ratelimit-policy"] == none.headers["ratelimit-policy"]
        assert closed.status_code == none.status_code


@pytest.mark.parametrize(
    ("path", "headers", "code"),
    [
        ("/store/regions", {"Host": "nobody.example"}, "SHOP_UNKNOWN"),
        ("/docs", {"Host": "nobody.example"}, "SHOP_UNKNOWN"),
        ("/auth/user/emailpass", {"Host": "nobody.example"}, "SHOP_UNKNOWN"),
        ("/t/Paris/store/regions", {}, "SHOP_UNKNOWN"),
        ("/t/paris/store/regions", {"X-Tenant-ID": "hq"}, "TENANT_SIGNALS_DISAGREE"),
        ("/store/regions", {"x-publishable-api-key": "pk_x"}, "PUBLISHABLE_KEY_INVALID"),
        ("/store/regions", {"Host": "a..b"}, "HOST_INVALID"),
    ],
    ids=str,
)
async def test_a_refusal_before_the_tenant_is_known_counts_for_the_address(
    http, path, headers, code
):
    answer = await http.get(path, headers=headers)

    assert answer.json()["code"] == code
    assert answer.headers["ratelimit-policy"] == f'"address";q={REFUSED.burst};w={REFUSED.window}'
    assert answer.headers["ratelimit"].startswith('"address";r=')


async def test_a_flood_of_refusals_gets_retry_after_and_its_neighbour_does_not(platform):
    async with (
        another_gateway(platform, SOUK_TRUSTED_PROXIES="127.0.0.0/8") as gateway,
        httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=30) as http,
    ):
        here, there = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in (1, 2)]
        unknown = {"Host": "nobody.example"}
        refused: list[httpx.Response] = []
        for _ in range(20):
            answers = await flood(
                http, REFUSED.burst // 2, "GET", "/store/regions", headers={**unknown, **here}
            )
            assert {answer.status_code for answer in answers} <= {404, 429}
            if refused := refused_of(answers):
                break
        neighbour = await http.get("/store/regions", headers={**unknown, **there})
        paris = await http.get("/t/paris/store/regions", headers=here)

    assert refused
    for answer in refused:
        assert answer.json()["code"] == "RATE_LIMITED"
        assert int(answer.headers["retry-after"]) >= 1
        assert answer.headers["ratelimit"].startswith('"address";r=0;t=')
    assert (neighbour.status_code, paris.status_code) == (404, 200)


async def test_a_scan_of_random_hosts_keeps_nobody_elses_first_visitor_out(platform, tenants):
    async with (
        running_valkey() as (url, _),
        another_gateway(platform, SOUK_REDIS=url, SOUK_TRUSTED_PROXIES="127.0.0.0/8") as gateway,
        httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=30) as http,
    ):
        here, there = [{"X-Forwarded-For": f"203.0.113.{number}"} for number in (1, 2)]

        async def asks(host, client):
            return await http.get("/store/regions", headers={"Host": host, **client})

        scanned = asyncio.gather(
            *(
                asks(f"{uuid.uuid4().hex}.example", here)
                for _ in range(6 * LOOKUPS_OF_ADDRESS.burst)
            )
        )
        visits = [await asks(f"{tenants[name]}.impactnutrition.com", there) for name in tenants]
        answers = await scanned

    assert {answer.status_code for answer in visits} == {200}
    busy = [answer for answer in answers if answer.status_code == 503]
    assert len(busy) > LOOKUPS_OF_ADDRESS.burst
    assert {answer.status_code for answer in answers} == {404, 503}
    for answer in busy:
        assert answer.json()["code"] == "GATEWAY_BUSY"
        assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize("redis", ["there", "killed"])
async def test_no_more_guesses_are_tried_than_the_limit_allows(platform, redis):
    async with (
        running_valkey() as (url, child),
        another_gateway(
            platform, SOUK_REDIS=url, SOUK_LOGINS_PER_MINUTE=str(PER_MINUTE)
        ) as gateway,
        httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=30) as http,
    ):
        if redis == "killed":
            await child.kill()
        began = time.monotonic()
        login = {"email": "nobody@example.org", "password": "guessed"}
        answers = await flood(http, GUESSES, "POST", "/auth/user/emailpass", json=login)
        minutes = (time.monotonic() - began) / 60

    limited = [one for one in refused_of(answers) if one.json()["code"] == "RATE_LIMITED"]
    tried = GUESSES - len(limited)
    # Where Redis is late, which a busy machine makes it, a gateway counts its half by itself.
    share = 0.5 if redis == "killed" else 1.5
    assert {answer.status_code for answer in answers} <= {401, 429}
    assert 1 <= tried <= share * PER_MINUTE * (1 + minutes) + 1
    assert all(int(one.headers["retry-after"]) >= 1 for one in limited)


async def test_a_forwarded_address_counts_only_behind_a_trusted_proxy(platform):
    async with running_valkey() as (url, _):
        settings = {"SOUK_REDIS": url, "SOUK_LOGINS_PER_MINUTE": "5"}
        for trusted, expected in (("127.0.0.0/8", {401}), ("10.0.0.0/8", {401, 429})):
            own = {**settings, "SOUK_TRUSTED_PROXIES": trusted}
            async with (
                another_gateway(platform, **own) as gateway,
                httpx.AsyncClient(base_url=gateway, trust_env=False, timeout=30) as http,
            ):
                answers = [
                    await guess(http, **{"x-forwarded-for": f"9.9.9.9, 203.0.113.{number}"})
                    for number in range(8)
                ]
            assert {answer.status_code for answer in answers} == expected
