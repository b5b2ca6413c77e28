"""Sessions and scopes over HTTP: who gets in, and where."""

import asyncio
import time

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from gateway.app import create_api
from gateway.identity import customers, principals, scopes, session_callers
from gateway.identity.session_tokens import AUDIENCE, BEARER, ISSUER
from gateway.store.shopper import _buying, _shop
from tests.gateway.raw_http import ask

PARIS = b"paris.impactnutrition.com"
HQ = b"impactnutrition.com.tn"


@pytest.fixture
def forge(platform):
    """Signs a session as tenant-registry would, for anybody."""
    key = OKPKey.import_key((platform.secrets / "session.key").read_text())

    def sign(subject, **claims):
        now = int(time.time())
        good = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "sid": "sess_1", "jti": "j",
                "iat": now, "exp": now + 60}  # fmt: skip
        header = {"alg": "Ed25519", "typ": BEARER}
        return jwt.encode(header, {**good, **claims}, key, ["Ed25519"])

    return sign


def bearing(*tokens):
    return [("Authorization", f"Bearer {token}") for token in tokens]


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_an_admin_works_in_a_tenant_from_the_platforms_hosts(platform, admin_token, tenant):
    for host in (b"localhost", HQ):
        answer = await ask(
            platform.url,
            host,
            target=f"/admin/tenants/{tenant}".encode(),
            headers=bearing(admin_token),
        )
        assert (answer.status, answer.json["tenant"]["id"]) == (200, tenant)


async def test_on_a_tenants_own_host_no_other_tenant_is_worked_in(platform, admin_token):
    async def status(target):
        answer = await ask(platform.url, PARIS, target=target, headers=bearing(admin_token))
        return answer.status, answer.json.get("code")

    assert (await status(b"/admin/tenants/paris"))[0] == 200
    for target in (b"/admin/tenants/hq", b"/admin/tenants/lyon", b"/admin/tenants",
                   b"/admin/products"):  # fmt: skip
        assert await status(target) == (400, "TENANT_SIGNALS_DISAGREE")


async def test_a_suspended_tenants_admins_work_on(platform, admin_token):
    answer = await ask(
        platform.url,
        b"localhost",
        target=b"/admin/tenants/lyon",
        headers=bearing(admin_token),
    )

    assert (answer.status, answer.json["tenant"]["state"]) == (200, "suspended")


async def test_two_tokens_prove_nothing(platform, admin_token):
    headers = bearing(admin_token, admin_token)

    answer = await ask(platform.url, b"localhost", target=b"/admin/tenants", headers=headers)

    assert answer.status == 401


@pytest.mark.parametrize("spelling", ["bearer", "BEARER", "Bearer "])
async def test_the_word_bearer_may_be_written_in_any_case(platform, admin_token, spelling):
    headers = [("Authorization", f"{spelling} {admin_token}")]

    answer = await ask(platform.url, b"localhost", target=b"/admin/tenants", headers=headers)

    assert answer.status == 200


async def test_a_token_of_an_unknown_admin_is_unauthorized(platform, forge):
    for target in (b"/admin/tenants", b"/admin/tenants/paris", b"/admin/tenants/hq"):
        answer = await ask(
            platform.url, b"localhost", target=target, headers=bearing(forge("user_01JNOBODY"))
        )
        assert (answer.status, answer.json["message"]) == (401, "Unauthorized")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "catalog-opt-in"},
        {"iss": "gateway"},
        {"exp": 1},
        {"exp": int(time.time()) + 999_999},
    ],
)
async def test_a_session_of_something_else_is_no_session(platform, admin_token, forge, claims):
    subject = "user_01JNOBODY"

    answer = await ask(
        platform.url,
        b"localhost",
        target=b"/admin/tenants",
        headers=bearing(forge(subject, **claims)),
    )

    assert answer.status == 401


@pytest.mark.usefixtures("no_attempts")
async def test_login_answers_alike_whatever_is_wrong(platform, http):
    shapes = []
    for email in (platform.settings.admin, "nobody@example.com"):
        answer = await http.post("/auth/user/emailpass", json={"email": email, "password": "wrong"})
        shapes.append((answer.status_code, {**answer.json(), "request_id": ""}))

    assert shapes[0] == shapes[1]
    assert shapes[0][0] == 401


def routes():
    for included in create_api().routes:
        router = getattr(included, "original_router", None)
        yield from router.routes if router is not None else [included]


def calls(dependant):
    """Every dependency of a route, those of its dependencies too."""
    for one in dependant.dependencies:
        yield one.call
        yield from calls(one)


def test_each_admin_route_takes_exactly_one_scope():
    each_scope = {
        scopes._tenant_scope,
        scopes._head_office_scope,
        scopes._platform_scope,
        scopes._place_scope,
        scopes._current_scope,
        scopes._account_scope,
    }
    admins = [route for route in routes() if route.path.startswith("/admin")]
    admins = [route for route in admins if route.path != "/admin/invites/accept"]
    assert len(admins) > 20

    for route in admins:
        assert len(set(calls(route.dependant)) & each_scope) == 1, route.path


def test_no_route_but_these_is_open():
    guards = {principals.principal_of, principals._own_session, session_callers._bearer_caller,
              session_callers._session_callers, customers.customer_of, _buying, _shop}  # fmt: skip

    is_open = {
        route.path
        for route in routes()
        if not hasattr(route, "dependant") or not guards & set(calls(route.dependant))
    }

    assert is_open == {
        "/auth/customer/emailpass",
        "/auth/customer/emailpass/register",
        "/auth/customer/{provider}/reset-password",
        "/auth/customer/emailpass/update",  # its proof may be in the body
        "/auth/user/emailpass",
        "/auth/token/refresh",  # its proof may be in the body
        "/auth/user/emailpass/register",
        "/auth/user/{provider}/reset-password",
        "/auth/user/emailpass/update",  # as is this one's
        "/admin/invites/accept",
        "/auth/user/oidc/{provider}",
        "/auth/user/oidc/{provider}/callback",
        "/hooks/payment/{provider}",  # its proof is the provider's signature
        "/docs",
        "/docs/assets",
        "/openapi.json",
    }


async def test_many_requests_at_once_keep_their_own_scope(platform, admin_token):
    async def seen(tenant):
        target = f"/admin/tenants/{tenant}".encode()
        answer = await ask(platform.url, b"localhost", target=target, headers=bearing(admin_token))
        return answer.json["tenant"]["id"]

    tenant_ids = ["paris", "lyon", "hq"] * 8

    assert await asyncio.gather(*(seen(tenant) for tenant in tenant_ids)) == tenant_ids
