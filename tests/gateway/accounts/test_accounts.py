"""Sessions of admins over HTTP: begun, kept, ended."""

import asyncio
import uuid

import pyotp
import pytest

from services.tenant_registry.accounts.session_tokens import BEARER
from tests.gateway.accounts.conftest import OWN
from tests.tenant_registry.mailbox import mail_to, token_in

LOGIN = "/auth/user/emailpass"
REFRESH = "/auth/token/refresh"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def status(http, token, path="/admin/tenants/paris", method="GET"):
    return (await http.request(method, path, headers=bearer(token))).status_code


async def test_a_login_returns_what_medusas_clients_read_and_a_refresh_token(log_in):
    answer = await log_in()

    assert list(answer) == ["token", "refresh_token", "expires_in"]
    assert 0 < answer["expires_in"] <= BEARER.lifetime.total_seconds()


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
    gone, other = (await log_in())["token"], (await log_in())["token"]
    assert await status(http, gone) == await status(http, other) == 200

    answer = await http.delete("/auth/session", headers=bearer(gone))

    assert answer.json() == {"success": True}
    write = await http.patch("/admin/tenants/paris", json={}, headers=bearer(gone))
    assert (write.status_code, write.json()["message"]) == (401, "Unauthorized")
    async with asyncio.timeout(1.5):
        while await status(http, gone) != 401:
            await asyncio.sleep(0.05)
    assert await status(http, other) == 200


async def test_an_admin_sees_their_sessions_and_ends_one(http, log_in):
    here, there = (await log_in())["token"], (await log_in())["token"]
    path = "/admin/users/me/sessions"

    sessions = (await http.get(path, headers=bearer(there))).json()["sessions"]
    [other] = [one["id"] for one in sessions if one["current"]]
    ended = await http.delete(f"{path}/{other}", headers=bearer(here))

    assert ended.json() == {"id": other, "object": "session", "deleted": True}
    assert (await http.get(path, headers=bearer(there))).status_code == 401
    again = await http.delete(f"{path}/{other}", headers=bearer(here))
    assert (again.status_code, again.json()["code"]) == (404, "SESSION_NOT_FOUND")


async def test_an_address_that_is_too_long_is_named_by_its_key_in_the_body(http):
    answer = await http.post(f"{LOGIN}/reset-password", json={"identifier": "e" * 255})

    assert (answer.status_code, answer.json()["code"]) == (400, "FIELD_INVALID")
    assert answer.json()["details"]["violations"] == {
        "identifier": "must have at most 254 characters"
    }


async def test_a_limited_login_says_how_long_to_wait(http):
    who = {"email": "nobody-at-all@lyon.example", "password": "wrong"}

    answers = [await http.post(LOGIN, json=who) for _ in range(11)]

    assert {a.status_code for a in answers[:10]} == {401}
    last = answers[10]
    assert (last.status_code, last.json()["code"]) == (429, "LOGIN_LIMITED")
    assert 0 < int(last.headers["retry-after"]) <= 900


async def login(http, email, password, **more):
    return await http.post(LOGIN, json={"email": email, "password": password, **more})


async def test_somebody_who_was_invited_works_in_their_tenant_and_no_other(http, employ):
    _, paris = await employ("paris")

    assert (await http.get("/admin/tenants/paris", headers=paris)).status_code == 200
    assert (await http.get("/admin/tenants/lyon", headers=paris)).status_code == 404
    waiting = (await http.get("/admin/tenants/paris/invites", headers=paris)).json()["invites"]
    assert "token" not in str(waiting)


async def test_a_tenants_admin_invites_sends_again_and_takes_back(http, employ, platform):
    _, paris = await employ("paris")
    path, email = "/admin/tenants/paris/invites", f"{uuid.uuid4().hex}@paris.example"
    body = {"email": email, "role": "OrderOps", "reason": "the warehouse"}

    made = (await http.post(path, json=body, headers=paris)).json()["invite"]
    again = await http.post(f"{path}/{made['id']}/resend", headers=paris)
    gone = await http.delete(f"{path}/{made['id']}", headers=paris)

    assert (made["email"], made["role"]) == (email, "OrderOps")
    assert (again.status_code, gone.status_code) == (200, 200)
    token = token_in(await mail_to(platform, email, number=2))
    late = await http.post("/admin/invites/accept", json={"token": token, "password": OWN})
    assert (late.status_code, late.json()["code"]) == (401, "INVITE_TOKEN_INVALID")


async def test_a_tenants_invites_are_listed_by_page_and_read_one_by_one(http, employ):
    (_, paris), (_, lyon) = await employ("paris"), await employ("lyon")
    path, mark = "/admin/tenants/paris/invites", uuid.uuid4().hex
    body = {"role": "OrderOps", "reason": "the warehouse"}
    made = [
        (await http.post(path, json={**body, "email": email}, headers=paris)).json()["invite"]
        for email in (f"b{mark}@paris.example", f"a{mark}@paris.example")
    ]

    page = await http.get(f"{path}?limit=1&offset=1&order=email&q={mark}", headers=paris)
    some = await http.get(f"{path}?id[]={made[0]['id']}&fields=email", headers=paris)
    one = await http.get(f"{path}/{made[0]['id']}", headers=paris)
    there = await http.get(f"{path}/{made[0]['id']}".replace("paris", "lyon"), headers=lyon)

    envelope = {"count": 2, "offset": 1, "limit": 1}
    assert page.json() == {"invites": [made[0]], **envelope}
    assert some.json()["invites"] == [{"id": made[0]["id"], "email": made[0]["email"]}]
    assert one.json() == {"invite": made[0]}
    assert (there.status_code, there.json()["code"]) == (404, "INVITE_NOT_FOUND")


async def test_the_platforms_invites_and_users_are_searched(http, admin, platform):
    mark = uuid.uuid4().hex
    body = {"email": f"{mark}@hq.example", "role": "GlobalAdmin", "reason": "a test"}
    made = (await admin.post("/admin/invites", json=body)).json()["invite"]

    listed = (await admin.get(f"/admin/invites?limit=20&q={mark}")).json()
    one = (await admin.get(f"/admin/invites/{made['id']}")).json()
    users = (await admin.get(f"/admin/users?q={platform.admin_email}&order=-email")).json()
    nobody = (await admin.get(f"/admin/users?q={mark}")).json()

    assert listed == {"invites": [made], "count": 1, "offset": 0, "limit": 20}
    assert one == {"invite": made}
    assert [user["email"] for user in users["users"]] == [platform.admin_email]
    assert (nobody["users"], nobody["count"]) == ([], 0)


async def test_a_forgotten_password_is_set_by_who_reads_the_mail(http, employ, platform):
    email, headers = await employ("paris")
    path = "/auth/user/emailpass"

    known = await http.post(f"{path}/reset-password", json={"identifier": email})
    unknown = await http.post(f"{path}/reset-password", json={"identifier": "x@nowhere.example"})
    token = token_in(await mail_to(platform, email, number=2))
    newer = f"{OWN}, newer"
    done = await http.post(f"{path}/update", json={"password": newer}, headers=bearer(token))
    again = await http.post(f"{path}/update", json={"password": newer, "token": token})

    assert (
        (known.status_code, known.json())
        == (unknown.status_code, unknown.json())
        == (
            201,
            {"success": True},
        )
    )
    assert (done.status_code, again.status_code) == (200, 401)
    assert (await http.get("/admin/users/me/sessions", headers=headers)).status_code == 401
    assert (await login(http, email, OWN)).status_code == 401
    assert (await login(http, email, newer)).status_code == 200


async def test_a_password_is_changed_and_a_second_factor_turned_on(http, employ):
    email, headers = await employ("lyon")
    mine, newer = "/admin/users/me", f"{OWN}, newer"

    change = {"current_password": OWN, "new_password": newer}
    assert (await http.post(f"{mine}/password", json=change, headers=headers)).status_code == 200
    weak = await http.post(
        f"{mine}/password", json={**change, "new_password": "short"}, headers=headers
    )
    assert (weak.status_code, weak.json()["code"]) == (403, "PASSWORD_WRONG")
    made = await http.post(f"{mine}/totp", json={"password": newer}, headers=headers)
    code = pyotp.TOTP(made.json()["secret"]).now()
    confirmed = await http.post(f"{mine}/totp/confirm", json={"code": code}, headers=headers)
    codes = confirmed.json()["recovery_codes"]

    assert (await login(http, email, newer)).json()["code"] == "TOTP_REQUIRED"
    assert (await login(http, email, newer, totp="000000")).json()["code"] == "TOTP_INVALID"
    assert (await login(http, email, newer, totp=codes[0])).status_code == 200
    off = {"password": newer, "code": codes[1]}
    gone = await http.request("DELETE", f"{mine}/totp", json=off, headers=headers)
    assert gone.json() == {"success": True}
    assert (await login(http, email, newer)).status_code == 200
