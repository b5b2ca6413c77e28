"""Logging in at a real provider, which is a process of its own, over the gateway's HTTP."""

import json
import os
import sys
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import asyncpg
import httpx
import pytest
import pytest_asyncio

from deploy.local import health, ports
from deploy.local.platform import LocalPlatform
from deploy.local.processes import Program, start
from deploy.local.settings import RunnerSettings
from deploy.local.state import MARK
from tests import snapshots
from tests.cluster import ROOT
from tests.platform import connect, temporary_state

LOGIN = "/auth/user/oidc/idp"


@dataclass
class World:
    platform: LocalPlatform
    http: httpx.AsyncClient
    provider: httpx.AsyncClient
    rows: asyncpg.Connection

    async def somebody(self, *groups: str, **claims: object) -> str:
        """Makes somebody whom the provider knows, and tells their subject."""
        subject = uuid.uuid4().hex
        await self.say(subject, groups=list(groups), **claims)
        return subject

    async def say(self, subject: str, **claims: object) -> None:
        good = {"email": f"{subject}@paris.example", "email_verified": True}
        answer = await self.provider.put(f"/users/{subject}", json=good | claims)
        answer.raise_for_status()

    async def come_back(self, subject: str) -> tuple[dict[str, str], str]:
        """Logs in at the provider: what it sends back in the query, and the browser's cookie."""
        began = (await self.http.get(LOGIN)).raise_for_status()
        page = await self.provider.post(began.json()["location"], data={"sub": subject})
        assert page.status_code == 302, page.text
        query = parse_qs(urlsplit(page.headers["location"]).query)
        cookie = began.headers["set-cookie"].partition(";")[0]
        return {name: values[0] for name, values in query.items()}, cookie

    async def finish(self, query: dict[str, str], cookie: str) -> httpx.Response:
        headers = {"Cookie": cookie} if cookie else {}
        return await self.http.get(f"{LOGIN}/callback", params=query, headers=headers)

    async def log_in(self, subject: str) -> httpx.Response:
        return await self.finish(*await self.come_back(subject))

    async def may_read(self, token: str, tenant: str) -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.http.get(f"/admin/tenants/{tenant}", headers=headers)
        assert answer.status_code in (200, 404)
        return answer.status_code == 200

    async def roles(self, email: str) -> set[tuple[str, str, str]]:
        """Lists what counts now: (role, tenant, who gave it)."""
        rows = await self.rows.fetch(
            "SELECT role_id, tenant_id, granted_by FROM assignment JOIN admin USING (admin_id)"
            " WHERE email = $1 AND revoke_time IS NULL AND coalesce(until_time > now(), true)",
            email,
        )
        return {tuple(row) for row in rows}


@pytest_asyncio.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    [port] = ports.free(1)
    issuer = f"http://127.0.0.1:{port}"
    with temporary_state() as state:
        snapshots.restore("migrated", state)
        (state / "secrets").mkdir(parents=True, exist_ok=True)
        (state / MARK).touch()
        state.chmod(0o711)
        (state / "secrets" / "oidc.json").write_text(json.dumps({"idp": _settings(issuer)}))
        child = await start(_provider(port), state.parent / "oidc.log")
        async with (
            httpx.AsyncClient(base_url=issuer, trust_env=False, timeout=20) as provider,
            LocalPlatform(RunnerSettings(state=state, port=0), seed=False) as platform,
            httpx.AsyncClient(base_url=platform.url, trust_env=False, timeout=20) as http,
        ):
            await health.wait(child, lambda: _answers(provider))
            rows = await connect(platform, "tenant-registry", "superuser")
            await _tenants(platform, http)
            yield World(platform, http, provider, rows)
            await rows.close()
        await child.stop()


def _settings(issuer: str) -> dict[str, object]:
    rules = [
        {"claim": "groups", "value": f"souk-{tenant}-admins", "role": "TenantAdmin",
         "tenant": tenant}
        for tenant in ("paris", "lyon", "nowhere")
    ]  # fmt: skip
    rules.append({"claim": "groups", "value": "all", "role": "GlobalAdmin", "tenant": "paris"})
    return {
        "issuer": issuer,
        "client_id": "souk",
        "client_secret": "a secret",
        "redirect_uri": "https://admin.example/callback",
        "email_domains": ["paris.example"],
        "rules": rules,
    }


def _provider(port: int) -> Program:
    words = ("-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port))
    return Program("oidc", (sys.executable, *words), os.environ, ROOT)


async def _answers(provider: httpx.AsyncClient) -> bool:
    try:
        answer = await provider.get("/.well-known/openid-configuration")
    except httpx.TransportError:
        return False
    return answer.status_code == 200


async def _tenants(platform: LocalPlatform, http: httpx.AsyncClient) -> None:
    login = {"email": platform.admin_email, "password": platform.admin_password}
    token = (await http.post("/auth/user/emailpass", json=login)).json()["token"]
    for tenant in ("paris", "lyon"):
        body = {"id": tenant, "display_name": tenant, "country_code": "fr",
                "currency_code": "eur", "default_locale": "fr"}  # fmt: skip
        headers = {"Authorization": f"Bearer {token}"}
        (await http.post("/admin/tenants", json=body, headers=headers)).raise_for_status()


async def refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json()["code"]) == (401, "OIDC_REFUSED")


async def test_the_location_asks_for_a_code_with_pkce_a_state_and_a_nonce(world):
    began = await world.http.get(LOGIN)

    query = parse_qs(urlsplit(began.json()["location"]).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert all(query[name][0] for name in ("state", "nonce", "code_challenge"))
    cookie = began.headers["set-cookie"].lower()
    for word in ("__host-souk-oidc=", "httponly", "secure", "samesite=lax", "path=/"):
        assert word in cookie


async def test_two_admins_of_two_tenants_get_in_where_their_claims_say(world):
    paris = await world.somebody("souk-paris-admins")
    lyon = await world.somebody("souk-lyon-admins")

    tokens = {}
    for tenant, subject in (("paris", paris), ("lyon", lyon)):
        answer = (await world.log_in(subject)).raise_for_status()
        assert set(answer.json()) == {"token", "refresh_token", "expires_in"}
        tokens[tenant] = answer.json()["token"]

    assert await world.may_read(tokens["paris"], "paris")
    assert not await world.may_read(tokens["paris"], "lyon")
    assert await world.may_read(tokens["lyon"], "lyon")
    assert not await world.may_read(tokens["lyon"], "paris")


async def test_a_claim_that_is_gone_takes_its_role_back_and_no_other(world):
    subject = await world.somebody("souk-paris-admins", "souk-lyon-admins")
    email = f"{subject}@paris.example"
    token = (await world.log_in(subject)).json()["token"]
    await world.rows.execute(
        "INSERT INTO assignment (assignment_id, admin_id, role_id, tenant_id, from_time,"
        " granted_by, reason, create_time) SELECT $1, admin_id, 'CatalogMgr', 'paris', now(),"
        " 'a test', 'a test', now() FROM admin WHERE email = $2",
        f"asgn_{uuid.uuid4().hex}",
        email,
    )
    assert await world.may_read(token, "lyon")

    await world.say(subject, groups=["souk-paris-admins"])
    (await world.log_in(subject)).raise_for_status()

    assert await world.roles(email) == {
        ("TenantAdmin", "paris", "oidc/idp"),
        ("CatalogMgr", "paris", "a test"),
    }


async def test_a_rule_for_what_is_not_there_or_cannot_be_there_gives_nothing(world):
    subject = await world.somebody("souk-nowhere-admins", "all", "souk-paris-admins")

    (await world.log_in(subject)).raise_for_status()

    found = await world.roles(f"{subject}@paris.example")
    assert found == {("TenantAdmin", "paris", "oidc/idp")}


async def test_a_role_of_a_claim_ends_by_itself_and_is_given_once(world):
    subject = await world.somebody("souk-paris-admins")
    for _ in range(2):
        (await world.log_in(subject)).raise_for_status()

    rows = await world.rows.fetch(
        "SELECT until_time - from_time AS life FROM assignment JOIN admin USING (admin_id)"
        " WHERE email = $1",
        f"{subject}@paris.example",
    )

    assert [row["life"].days for row in rows] in ([29], [30])


async def test_somebody_without_a_claim_gets_no_account(world):
    subject = await world.somebody("something-else")

    assert await refused(await world.log_in(subject))
    assert (
        await world.rows.fetchval(
            "SELECT count(*) FROM admin WHERE email = $1", f"{subject}@paris.example"
        )
        == 0
    )


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": "true"}])
async def test_an_address_that_is_not_verified_is_nobodys(world, claims):
    subject = await world.somebody("souk-paris-admins", **claims)

    assert await refused(await world.log_in(subject))


async def test_the_address_of_the_platforms_admin_is_not_had_without_proof(world):
    subject = await world.somebody(email=world.platform.admin_email, email_verified=False)

    assert await refused(await world.log_in(subject))


async def test_an_account_is_one_persons_at_a_provider(world):
    first = await world.somebody("souk-paris-admins")
    (await world.log_in(first)).raise_for_status()
    second = await world.somebody("souk-lyon-admins", email=f"{first}@paris.example")

    assert await refused(await world.log_in(second))
    await world.say(first, groups=["souk-paris-admins"], email=f"new-{first}@paris.example")
    (await world.log_in(first)).raise_for_status()


async def test_a_state_works_once_and_only_in_its_own_browser(world):
    subject = await world.somebody("souk-paris-admins")
    query, cookie = await world.come_back(subject)
    other_query, other_cookie = await world.come_back(subject)

    assert await refused(await world.finish(query, ""))
    assert await refused(await world.finish(query, other_cookie))
    assert await refused(await world.finish({**query, "state": other_query["state"]}, cookie))
    (await world.finish(query, cookie)).raise_for_status()
    assert await refused(await world.finish(query, cookie))


async def test_a_code_of_another_login_is_refused(world):
    victim = await world.somebody("souk-paris-admins")
    attacker = await world.somebody("souk-lyon-admins")
    stolen, _ = await world.come_back(victim)
    own, cookie = await world.come_back(attacker)

    assert await refused(
        await world.finish({"code": stolen["code"], "state": own["state"]}, cookie)
    )


async def test_a_deactivated_admin_stays_out(world):
    subject = await world.somebody("souk-paris-admins")
    (await world.log_in(subject)).raise_for_status()
    await world.rows.execute(
        "UPDATE admin SET deactivate_time = now() WHERE email = $1", f"{subject}@paris.example"
    )

    assert await refused(await world.log_in(subject))


async def test_a_provider_that_nobody_configured_is_not_found(world):
    for path in ("/auth/user/oidc/other", "/auth/user/oidc/other/callback?code=x&state=y"):
        answer = await world.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "PROVIDER_NOT_FOUND")
