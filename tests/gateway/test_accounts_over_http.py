"""Sessions of admins over HTTP: begun, kept, ended."""

import asyncio

import pytest

from services.tenant_registry.access.sessions import LIFETIME

LOGIN = "/auth/user/emailpass"
REFRESH = "/auth/token/refresh"


@pytest.fixture
def log_in(platform, http):
    async def begin():
        who = {"email": platform.admin_email, "password": platform.admin_password}
        return (await http.post(LOGIN, json=who)).raise_for_status().json()

    return begin


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def status(http, token, path="/admin/tenants/paris", method="GET"):
    return (await http.request(method, path, headers=bearer(token))).status_code


async def test_a_login_answers_what_medusas_clients_read_and_what_keeps_a_session(log_in):
    answer = await log_in()

    assert list(answer) == ["token", "refresh_token", "expires_in"]
    assert 0 < answer["expires_in"] <= LIFETIME.total_seconds()


async def test_a_refresh_token_in_the_body_is_exchanged(http, log_in):
    first = await log_in()

    second = await http.post(REFRESH, json={"refresh_token": first["refresh_token"]})

    assert second.status_code == 200
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert await status(http, second.json()["token"]) == 200
    assert second.headers["cache-control"] == "no-store"


async def test_a_bearer_alone_is_renewed_in_its_own_session(http, log_in):
    first = await log_in()

    renewed = await http.post(REFRESH, headers=bearer(first["token"]))
    await http.delete("/auth/session", headers=bearer(first["token"]))

    assert set(renewed.json()) == {"token", "expires_in"}
    again = await http.post(REFRESH, headers=bearer(renewed.json()["token"]))
    assert (again.status_code, again.json()["code"]) == (401, "SESSION_ENDED")


@pytest.mark.parametrize("body", [{}, {"refresh_token": ""}, {"refresh_token": "x"}])
async def test_without_proof_nothing_is_refreshed(http, body):
    assert (await http.post(REFRESH, json=body)).status_code == 401


async def test_a_logout_ends_writes_at_once_and_reads_within_a_second(http, log_in):
    gone, kept = (await log_in())["token"], (await log_in())["token"]
    assert await status(http, gone) == await status(http, kept) == 200

    answer = await http.delete("/auth/session", headers=bearer(gone))

    assert answer.json() == {"success": True}
    write = await http.patch("/admin/tenants/paris", json={}, headers=bearer(gone))
    assert (write.status_code, write.json()["message"]) == (401, "Unauthorized")
    async with asyncio.timeout(1.5):
        while await status(http, gone) != 401:
            await asyncio.sleep(0.05)
    assert await status(http, kept) == 200


async def test_an_admin_sees_their_sessions_and_ends_one(http, log_in):
    here, there = (await log_in())["token"], (await log_in())["token"]
    path = "/admin/users/me/sessions"

    shown = (await http.get(path, headers=bearer(there))).json()["sessions"]
    [other] = [one["id"] for one in shown if one["current"]]
    ended = await http.delete(f"{path}/{other}", headers=bearer(here))

    assert ended.json() == {"id": other, "object": "session", "deleted": True}
    assert (await http.get(path, headers=bearer(there))).status_code == 401
    again = await http.delete(f"{path}/{other}", headers=bearer(here))
    assert (again.status_code, again.json()["code"]) == (404, "SESSION_NOT_FOUND")


async def test_a_limited_login_says_how_long_to_wait(http):
    who = {"email": "nobody-at-all@lyon.example", "password": "wrong"}

    answers = [await http.post(LOGIN, json=who) for _ in range(11)]

    assert {a.status_code for a in answers[:10]} == {401}
    last = answers[10]
    assert (last.status_code, last.json()["code"]) == (429, "LOGIN_LIMITED")
    assert 0 < int(last.headers["retry-after"]) <= 900
