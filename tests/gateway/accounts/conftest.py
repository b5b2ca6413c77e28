"""People with accounts, and their tokens."""

import uuid

import pytest

from tests.tenant_registry.mailbox import mail_to, token_in

LOGIN = "/auth/user/emailpass"
OWN = "a long password of one's own"


@pytest.fixture
def log_in(platform, http):
    async def begin():
        who = {"email": platform.admin_email, "password": platform.admin_password}
        return (await http.post(LOGIN, json=who)).raise_for_status().json()

    return begin


@pytest.fixture
def employ(http, admin, platform):
    """Invites somebody to a tenant, who accepts; tells their e-mail and a client's headers."""

    async def make(tenant, role="TenantAdmin"):
        email = f"{uuid.uuid4().hex}@{tenant}.example"
        body = {"email": email, "role": role, "reason": "a new colleague"}
        made = await admin.post(f"/admin/tenants/{tenant}/invites", json=body)
        token = token_in(await mail_to(platform, email))
        accepted = await http.post(
            "/admin/invites/accept", json={"token": token, "password": OWN, "first_name": "Ana"}
        )
        assert (made.status_code, accepted.status_code) == (200, 200), made.text + accepted.text
        assert accepted.json()["user"]["first_name"] == "Ana"
        login = await http.post(LOGIN, json={"email": email, "password": OWN})
        token = login.raise_for_status().json()["token"]
        return email, {"Authorization": f"Bearer {token}"}

    return make
