"""An invite accepted as Medusa's clients do it: a password first, then the token from the mail."""

import uuid

import pytest

from tests.gateway.accounts.conftest import LOGIN, OWN
from tests.tenant_registry.mailbox import mail_to, token_in

REGISTER, ACCEPT = f"{LOGIN}/register", "/admin/invites/accept"


@pytest.fixture
def invited(admin, platform):
    """Invites an address to a tenant; tells the token in the mail."""

    async def send(tenant, email, number=1):
        body = {"email": email, "role": "TenantAdmin", "reason": "a new colleague"}
        (await admin.post(f"/admin/tenants/{tenant}/invites", json=body)).raise_for_status()
        return token_in(await mail_to(platform, email, number=number))

    return send


def nobodys():
    return f"{uuid.uuid4().hex}@paris.example"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def test_an_invite_is_accepted_in_two_steps_as_medusas_clients_do(http, invited):
    email = nobodys()
    token = await invited("paris", email)

    registered = await http.post(REGISTER, json={"email": email, "password": OWN})
    accepted = await http.post(
        f"{ACCEPT}?token={token}",
        json={"email": email, "first_name": "John", "last_name": None},
        headers=bearer(registered.json()["token"]),
    )

    assert (registered.status_code, list(registered.json())) == (200, ["token"])
    assert accepted.status_code == 200, accepted.text
    user = accepted.json()["user"]
    assert (user["email"], user["first_name"], user["last_name"]) == (email, "John", None)
    login = await http.post(LOGIN, json={"email": email, "password": OWN})
    own = bearer(login.json()["token"])
    assert (await http.get("/admin/tenants/paris", headers=own)).status_code == 200
    assert (await http.get("/admin/tenants/lyon", headers=own)).status_code == 404


async def test_a_registration_alone_does_nothing(http):
    registered = await http.post(REGISTER, json={"email": nobodys(), "password": OWN})
    headers = bearer(registered.json()["token"])

    for method, path in (
        ("GET", "/admin/users/me"),
        ("GET", "/admin/tenants/paris"),
        ("POST", "/auth/session"),
        ("POST", "/auth/token/refresh"),
    ):
        assert (await http.request(method, path, headers=headers)).status_code == 401
    update = {"json": {"password": OWN}, "headers": headers}
    assert (await http.post(f"{LOGIN}/update", **update)).status_code == 401
    accept = {"json": {}, "headers": headers}
    assert (await http.post(f"{ACCEPT}?token=souk_invite_x", **accept)).status_code == 401


async def test_known_and_unknown_addresses_are_registered_alike(http, platform):
    answers = [
        await http.post(REGISTER, json={"email": email, "password": OWN})
        for email in (platform.admin_email, nobodys())
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    names = [sorted({*answer.headers} - {"date"}) for answer in answers]
    assert names[0] == names[1]
    assert [list(answer.json()) for answer in answers] == [["token"], ["token"]]


async def test_an_existing_account_accepts_with_its_session(http, invited, employ):
    email, own = await employ("paris")
    token = await invited("lyon", email, number=2)
    registered = await http.post(REGISTER, json={"email": email, "password": OWN})
    accept = {"url": f"{ACCEPT}?token={token}&fields=email", "json": {}}

    refused = await http.post(**accept, headers=bearer(registered.json()["token"]))
    accepted = await http.post(**accept, headers=own)

    assert (refused.status_code, refused.json()["code"]) == (401, "ACCOUNT_EXISTS")
    assert refused.json()["message"].startswith("Identity with email already exists")
    assert accepted.json()["user"]["email"] == email
    assert "first_name" not in accepted.json()["user"]
    assert (await http.get("/admin/tenants/lyon", headers=own)).status_code == 200


async def test_an_invite_is_accepted_with_one_token_and_a_proof(http, invited):
    token = await invited("paris", nobodys())

    without = await http.post(f"{ACCEPT}?token={token}", json={"first_name": "A"})
    no_token = await http.post(ACCEPT, json={"password": OWN})
    two = await http.post(f"{ACCEPT}?token={token}", json={"password": OWN, "token": "another"})

    assert without.status_code == 401
    for answer in (no_token, two):
        assert (answer.status_code, answer.json()["code"]) == (400, "REQUEST_INVALID")
        assert "token" in answer.json()["details"]["violations"]


async def test_a_reset_at_a_provider_without_passwords_is_accepted_and_does_nothing(http, employ):
    email, _ = await employ("paris")
    path = "/auth/user/{}/reset-password"

    elsewhere = await http.post(path.format("google"), json={"identifier": email})
    ours = await http.post(path.format("emailpass"), json={"identifier": nobodys()})

    assert (elsewhere.status_code, ours.status_code) == (201, 201)
    assert elsewhere.json() == ours.json() == {"success": True}
