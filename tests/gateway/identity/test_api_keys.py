"""Machines at the admin API: what a key opens, and that every wrong one is the same to them."""

import asyncio
import base64
import time
import uuid
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from souk.tenant_registry.v1.api_key_service_pb2 import ResolvedApiKey

from gateway.identity.api_keys import ApiKeys, secret_key_of
from gateway.medusa.errors import Refused
from services.values.api_keys import PUBLISHABLE, SECRET, new_key

KEYS = "/admin/tenants/{}/api-keys"


@pytest.fixture
def make(admin):
    """Makes a key over HTTP, and gives the document with its token."""

    async def create(tenant, *permissions, **fields):
        body = {"type": "secret", "title": "ERP", "permissions": permissions} | fields
        answer = await admin.post(KEYS.format(tenant), json=body)
        return answer.raise_for_status().json()["api_key"]

    return create


def bearing(key):
    return {"Authorization": f"Bearer {key}"}


def basic(user, password=""):
    word = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {word}"}


def refusal(answer):
    return answer.status_code, {**answer.json(), "request_id": ""}


async def test_a_key_does_what_it_may_at_its_tenant_in_both_spellings(http, make):
    of_paris, of_lyon = await make("paris", "tenant:read"), await make("hq", "tenant:read")

    for headers in (bearing(of_paris["token"]), basic(of_paris["token"])):
        answer = await http.get("/admin/tenants/paris", headers=headers)
        assert answer.json()["tenant"]["id"] == "paris"
        assert (await http.get("/admin/tenants/hq", headers=headers)).status_code == 404
        refused = await http.patch("/admin/tenants/paris", headers=headers, json={})
        assert (refused.status_code, refused.json()["code"]) == (403, "PERMISSION_MISSING")
    answer = await http.get("/admin/tenants/hq", headers=bearing(of_lyon["token"]))
    assert answer.json()["tenant"]["id"] == "hq"


async def test_another_tenant_is_to_a_key_as_one_that_does_not_exist(http, make):
    key = await make("paris", "tenant:read", "domain:read")

    for path in ("", "/domains", "/products", "/api-keys"):
        seen = [
            (await http.get(f"/admin/tenants/{t}{path}", headers=bearing(key["token"]))).text
            .replace(t, "TENANT").partition('"request_id"')[0]
            for t in ("hq", "nobodys")
        ]  # fmt: skip
        assert seen[0] == seen[1]
    for path, status, code in (
        ("/admin/tenants", 403, "PERMISSION_MISSING"),
        ("/admin/products", 404, "TENANT_NOT_FOUND"),
        ("/admin/users/me", 404, "ADMIN_NOT_FOUND"),
    ):
        answer = await http.get(path, headers=bearing(key["token"]))
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_wrong_key_is_refused_alike_whatever_is_wrong(http, make, admin):
    revoked, expiring = await make("paris", "tenant:read"), await make("hq", "tenant:read")
    await admin.delete(f"{KEYS.format('paris')}/{revoked['id']}")
    await admin.delete(f"{KEYS.format('hq')}/{expiring['id']}")
    sound = new_key(SECRET)
    wrong = [
        bearing(sound),
        basic(sound),
        bearing(sound[:-1] + ("0" if sound[-1] != "0" else "1")),
        bearing(sound.upper()),
        bearing("souk_live_"),
        bearing(new_key(PUBLISHABLE)),
        basic(sound, "password"),
        basic(""),
        {"Authorization": f"Basic {sound}"},
        {"Authorization": "Basic !!!"},
        {"Authorization": sound},
        {"x-api-key": sound},
        bearing(revoked["token"]),
        bearing(expiring["token"]),
    ]

    none = refusal(await http.get("/admin/tenants/paris"))
    assert none[0] == 401
    for headers in wrong:
        for tenant in ("paris", "hq", "nobodys"):
            assert refusal(await http.get(f"/admin/tenants/{tenant}", headers=headers)) == none


OWN_ACCOUNT = [
    ("GET", "/admin/users/me"),
    ("GET", "/admin/users/me/sessions"),
    ("GET", "/admin/users/me/assignments"),
    ("POST", "/admin/users/me/totp"),
    ("DELETE", "/auth/session"),
    ("POST", "/auth/token/refresh"),
]


async def test_a_key_has_no_account_and_a_wrong_one_stays_unknown(http, make):
    for tenant in ("paris", "hq"):
        key = (await make(tenant, "tenant:read"))["token"]
        for method, path in OWN_ACCOUNT:
            body = {"password": "p"} if path.endswith("totp") else {} if method == "POST" else None
            good = await http.request(method, path, headers=bearing(key), json=body)
            wrong = await http.request(method, path, headers=bearing(new_key(SECRET)), json=body)

            assert (good.status_code, good.json()["code"]) == (404, "ADMIN_NOT_FOUND"), path
            assert (wrong.status_code, wrong.json()["code"]) == (401, "UNAUTHENTICATED"), path


async def test_two_authorizations_prove_nothing(http, make, admin_token):
    key = await make("paris", "tenant:read")
    both = [("Authorization", f"Bearer {key['token']}"), ("Authorization", f"Bearer {admin_token}")]

    assert (await http.get("/admin/tenants/paris", headers=both)).status_code == 401


async def test_a_revoked_key_writes_nothing_from_then_on_and_soon_reads_nothing(http, make, admin):
    key, other = await make("paris", "tenant:read", "tenant:write"), await make("hq", "tenant:read")
    headers = bearing(key["token"])
    assert (await http.get("/admin/tenants/paris", headers=headers)).status_code == 200

    gone = await admin.delete(f"{KEYS.format('paris')}/{key['id']}")

    assert gone.json()["deleted"] is True
    refused = await http.patch("/admin/tenants/paris", headers=headers, json={"settings": {}})
    assert refused.status_code == 401
    async with asyncio.timeout(1.5):
        while (await http.get("/admin/tenants/paris", headers=headers)).status_code != 401:
            await asyncio.sleep(0.05)
    assert (await http.get("/admin/tenants/hq", headers=bearing(other["token"]))).is_success
    api_key = (await admin.get(f"{KEYS.format('paris')}/{key['id']}")).json()["api_key"]
    assert api_key["revoked_by"] == api_key["created_by"]
    assert api_key["revoked_at"]


async def test_an_expired_key_ends_by_itself(http, make):
    ends = datetime.now(UTC) + timedelta(seconds=1)
    key = await make("paris", "tenant:read", expires_at=ends.isoformat())
    async with asyncio.timeout(3):
        while (await http.get("/admin/tenants/paris", headers=bearing(key["token"]))).is_success:
            await asyncio.sleep(0.05)
    assert datetime.now(UTC) >= ends


async def test_a_known_key_ends_when_its_time_comes(monkeypatch):
    ends = Timestamp(seconds=2_000_000_000)

    class Registry:
        async def ResolveApiKey(self, _request):  # noqa: N802
            return ResolvedApiKey(name="tenants/paris/apiKeys/apk_1", expire_time=ends)

    known, key = ApiKeys(SimpleNamespace(api_keys=Registry())), new_key(SECRET)  # type: ignore[arg-type]
    monkeypatch.setattr(time, "time", lambda: ends.seconds - 1)
    assert (await known.holder(key, fresh=False, request_id="")).tenant == "paris"

    monkeypatch.setattr(time, "time", lambda: ends.seconds)
    with pytest.raises(Refused):
        await known.holder(key, fresh=False, request_id="")


async def test_the_acts_of_a_machine_are_its_own_in_the_log(http, make, admin):
    key = await make("paris", "tenant:read", "tenant:write")
    change = {"settings": {"seen": uuid.uuid4().hex}}
    await http.patch("/admin/tenants/paris", headers=bearing(key["token"]), json=change)

    async with asyncio.timeout(10):
        actors: set[str] = set()
        while f"tenants/paris/apiKeys/{key['id']}" not in actors:
            log = (await admin.get("/admin/tenants/paris/audit-events")).json()
            actors = {event["actor"] for event in log["audit_events"]}


async def test_a_key_is_shown_once_and_its_list_shows_whose_it_is(make, admin):
    key = await make("paris", "tenant:read", title="Once")

    listed = (await admin.get(KEYS.format("paris"), params={"limit": 200})).json()
    [found] = [one for one in listed["api_keys"] if one["id"] == key["id"]]

    assert key["token"] not in str(listed)
    assert found["redacted"] == key["token"][:14] + "***"
    assert found["title"] == "Once"
    elsewhere = (await admin.get(KEYS.format("hq"), params={"limit": 200})).json()
    assert key["id"] not in str(elsewhere)


async def test_a_repeated_request_does_not_show_the_key_again(admin):
    body = {"type": "publishable", "title": "Shop"}
    headers = {"Idempotency-Key": str(uuid.uuid4())}

    first, again = [
        (await admin.post(KEYS.format("paris"), json=body, headers=headers)).json()["api_key"]
        for _ in range(2)
    ]

    assert first["token"].startswith("pk_")
    assert again == first | {"token": None}


async def test_the_tenant_context_of_a_key_names_its_permissions_and_no_user(http, make):
    key = await make("paris", "tenant:read")

    answer = await http.get(
        "/admin/tenant-context", headers=bearing(key["token"]) | {"X-Tenant-ID": "paris"}
    )

    context = answer.json()["tenant_context"]
    assert (context["user"], context["permissions"]) == (None, ["tenant:read"])
    assert (
        await http.get("/admin/tenant-context", headers=bearing(key["token"]))
    ).status_code == 404


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (b"Bearer souk_live_x", "souk_live_x"),
        (b"bearer  souk_live_x ", "souk_live_x"),
        (b"BASIC " + base64.b64encode(b"souk_live_x:"), "souk_live_x"),
        (b"Basic " + base64.b64encode(b"souk_live_x"), None),
        (b"Basic " + base64.b64encode(b"souk_live_x:y"), None),
        (b"Bearer eyJ", None),
        (b"souk_live_x", None),
        (b"", None),
    ],
)
def test_a_key_is_found_where_it_may_stand(header, found):
    assert secret_key_of(header) == found


async def test_a_misspelled_key_costs_no_question():
    class NobodyAsks:
        @property
        def api_keys(self):
            raise AssertionError("the registry was asked")

    known = ApiKeys(NobodyAsks())  # type: ignore[arg-type]
    sound = new_key(SECRET)
    for key in (sound[:-1], sound + "0", sound.swapcase(), "souk_live_" + "0" * 36):
        for fresh in (True, False):
            with pytest.raises(Refused):
                await known.holder(key, fresh=fresh, request_id="")
    with pytest.raises(AssertionError):
        await known.holder(sound, fresh=True, request_id="")
