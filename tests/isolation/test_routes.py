"""Every route of the running gateway, found in its OpenAPI: who gets in, what others learn."""

import asyncio
import base64
import json
import re
import uuid

import httpx
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import OKPKey

from tests.gateway.raw_http import exchange
from tests.platform import connect

NOBODYS = "nobody-has-this"
# The platform's own scope is checked by the service, so the body has to be right to get there.
A_TENANT = {
    "id": "stolen",
    "display_name": "Stolen",
    "country_code": "fr",
    "currency_code": "eur",
    "default_locale": "fr",
}
PASSWORD = "correct-horse-battery-staple"


@pytest_asyncio.fixture(scope="module")
async def operations(http: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Lists (method, path) of everything that the gateway answers."""
    paths = (await http.get("/openapi.json")).raise_for_status().json()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


@pytest_asyncio.fixture(scope="module")
async def admins(operations) -> list[tuple[str, str]]:
    # Who accepts an invite proves it by the token in the mail.
    found = [
        (method, path)
        for method, path in operations
        if path.startswith("/admin") and path != "/admin/invites/accept"
    ]
    assert len(found) > 20
    return found


@pytest_asyncio.fixture(scope="module")
async def paris_admin(platform, http):
    """Somebody who may do everything in Paris, and nothing anywhere else."""
    email, admin_id = f"{uuid.uuid4().hex}@paris.example", f"user_{uuid.uuid4().hex}"
    registry = await connect(platform, "tenant-registry", "superuser")
    async with registry.transaction():
        await registry.execute(
            "INSERT INTO admin (admin_id, email, first_name, last_name, password_hash,"
            " create_time, update_time) VALUES ($1, $2, 'P', 'A', $3, now(), now())",
            admin_id,
            email,
            PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD),
        )
        await registry.executemany(
            "INSERT INTO assignment (assignment_id, admin_id, role_id, tenant_id, from_time,"
            " granted_by, reason, create_time)"
            " VALUES ($1, $2, $3, 'paris', now(), 'a test', 'a test', now())",
            [(f"asg_{uuid.uuid4().hex}", admin_id, r) for r in ("TenantAdmin", "CatalogMgr")],
        )
    await registry.close()
    login = await http.post("/auth/user/emailpass", json={"email": email, "password": PASSWORD})
    return {"Authorization": f"Bearer {login.raise_for_status().json()['token']}"}


def at(path: str, tenant: str, **ids: str) -> str:
    """Fills in a path's parameters."""
    ids = {"tenant_id": tenant} | ids
    return re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], "x-1"), path)


async def ask(http, method: str, path: str, **options):
    if method in ("POST", "PATCH", "PUT"):
        options.setdefault("json", {})
    return await http.request(method, path, **options)


def same(answer: httpx.Response, tenant: str) -> tuple[object, ...]:
    """What a client can tell of an answer, the tenant's name and the request's id left out."""
    body = {k: v for k, v in answer.json().items() if k != "request_id"}
    headers = sorted(set(answer.headers) - {"date", "content-length"})
    return answer.status_code, headers, str(body).replace(tenant, "TENANT")


async def test_every_admin_route_wants_a_token(http, admins):
    answers = {
        (method, path): await ask(http, method, at(path, "paris")) for method, path in admins
    }

    assert {k: a.status_code for k, a in answers.items()} == dict.fromkeys(answers, 401)
    assert {a.json()["type"] for a in answers.values()} == {"unauthorized"}


async def test_no_admin_route_waits_for_a_strangers_body(platform, admins):
    writes = [(method, path) for method, path in admins if method in ("POST", "PATCH", "PUT")]
    head = "{} {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{}\r\n\r\n"
    requests = [
        head.format(method, at(path, "paris"), length).encode()
        for method, path in writes
        for length in ("Content-Length: 1000000", "Transfer-Encoding: chunked")
    ]

    async with asyncio.timeout(10):  # whoever waits for a body waits longer
        answers = await asyncio.gather(*(exchange(platform.url, one) for one in requests))

    assert [
        one for one, answer in zip(requests, answers, strict=True) if answer.status != 401
    ] == []


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer x", "Basic eDp5", "Bearer a.b.c"])
async def test_no_admin_route_takes_what_is_no_token(http, admins, value):
    for method, path in admins:
        answer = await ask(http, method, at(path, "paris"), headers={"Authorization": value})
        assert answer.status_code == 401, (method, path)


async def test_no_admin_route_takes_a_token_of_another_key(http, admins, paris_admin):
    token = paris_admin["Authorization"].removeprefix("Bearer ")
    header, claims = jwt_parts(token)
    key = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    forged = jwt.encode(header, claims, OKPKey.import_key(key), [header["alg"]])
    for method, path in admins:
        headers = {"Authorization": f"Bearer {forged}"}
        assert (await ask(http, method, at(path, "paris"), headers=headers)).status_code == 401


def jwt_parts(token: str):
    parts = token.split(".")[:2]
    return tuple(json.loads(base64.urlsafe_b64decode(p + "=" * (-len(p) % 4))) for p in parts)


@pytest.mark.parametrize("other", ["lyon", "hq"])
async def test_another_tenant_is_to_an_admin_as_one_that_does_not_exist(
    http, admins, paris_admin, other
):
    of_tenants = [(m, p) for m, p in admins if "{tenant_id}" in p]
    assert len(of_tenants) >= 12

    for method, path in of_tenants:
        answers = [
            same(await ask(http, method, at(path, tenant), headers=paris_admin), tenant)
            for tenant in (other, NOBODYS)
        ]
        assert answers[0] == answers[1], (method, path)
        assert answers[0][0] in (403, 404), (method, path)


async def test_head_office_and_platform_routes_are_closed_to_a_tenants_admin(
    http, admins, paris_admin
):
    beyond = [
        (method, path)
        for method, path in admins
        if "{tenant_id}" not in path
        and path != "/admin/tenant-context"
        and not path.startswith("/admin/users/me")  # everybody's own
    ]
    assert len(beyond) >= 10

    for method, path in beyond:
        body = {"json": A_TENANT} if (method, path) == ("POST", "/admin/tenants") else {}
        answer = await ask(http, method, at(path, ""), headers=paris_admin, **body)
        everywhere = re.match("/admin/(invites|tenants|users|assignments|roles|access)(/|$)", path)
        expected = (403, "PERMISSION_MISSING") if everywhere else (404, "TENANT_NOT_FOUND")
        assert (answer.status_code, answer.json()["code"]) == expected, (method, path)


async def test_an_admin_does_reach_its_own_tenant(http, admins, paris_admin):
    """Otherwise the tests above would prove nothing."""
    reads = [(m, p) for m, p in admins if m == "GET" and "{tenant_id}" in p]
    answers = {
        path: (await ask(http, m, at(path, "paris"), headers=paris_admin)).status_code
        for m, path in reads
    }

    assert {status for path, status in answers.items() if path.count("{") == 1} == {200}


@pytest.mark.parametrize("signal", [{"X-Tenant-ID": "lyon"}, {"X-Tenant-ID": NOBODYS}])
async def test_a_header_moves_no_admin_to_another_tenant(http, admins, paris_admin, signal):
    for method, path in admins:
        if "{tenant_id}" in path or path == "/admin/tenant-context":
            answer = await ask(http, method, at(path, "paris"), headers=paris_admin | signal)
            named = "{tenant_id}" in path
            expected = (400, "TENANT_SIGNALS_DISAGREE") if named else (404, "TENANT_NOT_FOUND")
            assert (answer.status_code, answer.json()["code"]) == expected, (method, path)


async def test_a_product_that_a_tenant_does_not_sell_gets_the_same_404_as_an_unknown_one(
    http, host
):
    sold = {p["id"] for p in await products(http, host("paris"))}
    others = [p["id"] for p in await products(http, host("hq")) if p["id"] not in sold]
    assert sold
    assert others

    answers = [
        same(await http.get(f"/store/products/{id_}", headers=host("paris")), id_)
        for id_ in (others[0], "prod_nobodys")
    ]

    assert answers[0] == answers[1]
    assert answers[0][0] == 404


async def products(http, headers):
    answer = await http.get("/store/products", params={"limit": 100}, headers=headers)
    return answer.raise_for_status().json()["products"]


async def test_two_storefronts_show_their_own_prices_at_the_same_path(http, host):
    currencies = {
        tenant: {
            price["currency_code"]
            for product in await products(http, host(tenant))
            for variant in product["variants"]
            for price in variant.get("prices") or [variant["calculated_price"]]
        }
        for tenant in ("paris", "hq")
    }

    assert currencies == {"paris": {"eur"}, "hq": {"tnd"}}
