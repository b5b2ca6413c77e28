"""Canaries wherever a secret may stand: no log, table, event, error nor anything in Redis has one.

What is sent is found in the API's own description, so that a new operation is tried by itself.
"""

import base64
import os
import re
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
import pytest
import pytest_asyncio
from redis.asyncio import Redis

from deploy.manifest import DATABASES
from services.values.api_keys import SECRET, new_key
from tests.platform import connect
from tests.tenant_registry.mailbox import mail_to, token_in

# The walk is a fixture of the first test: some five hundred requests.
pytestmark = pytest.mark.timeout(600)
SECRET_NAME = re.compile(r"(^|_)(password|secret|token|code|otp|credential)s?$")
NO_SECRET = re.compile(r"(country|currency|page)_(code|token)$")
WHOLE_GROUPS = 32  # of base64, in which nothing of what comes after shows


@dataclass
class Canaries:
    """Everything that nobody may ever read again, and where it was let fly."""

    sent: dict[str, str] = field(default_factory=dict)
    about_people: dict[str, str] = field(default_factory=dict)
    bodies: list[str] = field(default_factory=list)

    def secret(self, where: str) -> str:
        """Makes a secret; of each kind that there is, so that no form is a way out."""
        made = f"canary{secrets.token_hex(12)}"
        self.sent[made] = where
        return made

    def real(self, value: str, where: str) -> str:
        self.sent[value] = where
        return value

    def email(self, where: str) -> str:
        made = f"canary.{secrets.token_hex(8)}@paris.example"
        self.about_people[made] = where
        return made

    def found_in(self, text: str, *, people: bool = False) -> list[str]:
        known = self.sent | (self.about_people if people else {})
        # Thousands that were made begin alike: only what begins so is searched for each of them.
        places = [found.start() for start in STARTS for found in re.finditer(start, text)]
        beginnings = "\n".join(text[place : place + LONGEST] for place in places)
        return [
            where
            for canary, where in known.items()
            for searched in (beginnings if canary.startswith("canary") else text,)
            if any(form in searched for form in forms(canary))
        ]


def forms(canary: str) -> Iterable[str]:
    """The ways in which bytes are written: plain, hexadecimal, base64 at each of its offsets."""
    raw = canary.encode()
    yield canary
    yield raw.hex()
    for shift in range(3):
        inner = base64.b64encode(b"\0" * shift + raw).decode()
        begin = 4 if shift else 0
        yield inner[begin : begin + WHOLE_GROUPS]


LONGEST = 1_000
"""More characters than any form of a canary has."""
# What every made canary begins with, in each form.
STARTS = [
    re.escape(os.path.commonprefix(pair))  # noqa: RUF071 - it is characters that are compared
    for pair in zip(forms("canary" + 40 * "0"), forms("canary" + 40 * "z"), strict=True)
]


class Client:
    """Sends, and keeps whatever comes back in an error."""

    def __init__(self, http: httpx.AsyncClient, canaries: Canaries) -> None:
        self._http = http
        self._canaries = canaries

    async def __call__(self, method: str, path: str, **options) -> httpx.Response:
        answer = await self._http.request(method, path, **options)
        assert answer.status_code < 500 or answer.status_code in (503, 504), answer.text
        if not answer.is_success:
            self._canaries.bodies.append(f"{answer.text} {answer.headers}")
        return answer


@pytest_asyncio.fixture(scope="module")
async def operations(http):
    description = (await http.get("/openapi.json")).raise_for_status().json()
    return [
        (method.upper(), path, body_of(description, operation))
        for path, methods in description["paths"].items()
        for method, operation in methods.items()
    ]


def body_of(description, operation):
    """The properties of an operation's body: {name: schema}; None where there is no body."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return None
    schema = content["application/json"]["schema"]
    if reference := schema.get("$ref"):
        schema = description["components"]["schemas"][reference.rpartition("/")[2]]
    return schema.get("properties", {})


def is_secret(name: str) -> bool:
    return bool(SECRET_NAME.search(name)) and not NO_SECRET.search(name)


def nowhere(path: str) -> str:
    """A path of something that does not exist, so that nothing is changed."""
    return re.sub(r"\{\w+\}", "nobodys-1", path)


async def misplaced(client, canaries, number, method, path, headers):
    """Sends secrets where none belongs: in headers, in the query, as somebody's authorization."""
    at = nowhere(path)
    strays = ("Cookie", "X-Api-Key", "Proxy-Authorization", "X-Password")
    strange = {name: canaries.secret(f"{name} of {path}") for name in strays}
    await client(method, at, headers=headers | strange)
    versions = {n: canaries.secret(f"{n} of {path}") for n in ("Idempotency-Key", "If-Match")}
    await client(method, at, headers=headers | versions)
    wrong = canaries.secret(f"Authorization of {path}")
    user = base64.b64encode(f"{wrong}:".encode()).decode()
    spellings = (f"Bearer {wrong}", wrong, f"Bearer souk_live_{wrong}", f"Basic {user}")
    given = spellings[number % len(spellings)]
    await client(method, at, headers={"Authorization": given})
    query = {n: canaries.secret(f"query of {path}") for n in ("password", "token", "q", "limit")}
    await client(method, at, headers=headers, params=query)
    name = sorted(query)[number % len(query)]
    await client(method, at, headers=headers, params={name: query[name]})


async def in_its_body(client, canaries, number, method, path, properties, headers):
    """Sends secrets in each property that takes one, right and wrong, and in one of none."""
    at = nowhere(path)
    shapes = (str, lambda s: [s], lambda s: {"x": s}, lambda s: s * 200)
    sent = [(name, shape) for name in properties if is_secret(name) for shape in shapes]
    for name, shape in (*sent, ("password", shapes[number % len(shapes)])):
        canary = canaries.secret(f"{name} of {path}")
        body = {**plausible(canaries, properties, path), name: shape(canary)}
        await client(method, at, headers=headers, json=body)
    raw = canaries.secret(f"raw body of {path}")
    kinds = ("application/json", "application/x-www-form-urlencoded")
    given = headers | {"Content-Type": kinds[number % 2]}
    await client(method, at, headers=given, content=f'{{"password": "{raw}"')


def plausible(canaries, properties, path):
    body = {}
    for name, schema in properties.items():
        if name == "email":
            body[name] = canaries.email(f"e-mail of {path}")
        elif is_secret(name):
            body[name] = canaries.secret(f"{name} of {path}")
        elif schema.get("type") == "string":
            body[name] = "x"
    return body


async def real_ones(client, canaries, platform, admin_token):
    """Uses the secrets that work, well and badly: log in, keep a session, make a key, use it."""
    login = {"email": platform.admin_email, "password": platform.admin_password}
    answer = (await client("POST", "/auth/user/emailpass", json=login)).json()
    for name in ("token", "refresh_token"):
        if name in answer:
            canaries.real(answer[name], f"the admin's {name}")
    canaries.real(admin_token, "an admin's token")
    bearing = {"Authorization": f"Bearer {answer['token']}"}
    wrong = login | {"password": canaries.secret("a wrong password")}
    assert (await client("POST", "/auth/user/emailpass", json=wrong)).status_code == 401
    unknown = login | {"email": canaries.email("an unknown login")}
    assert (await client("POST", "/auth/user/emailpass", json=unknown)).status_code == 401
    for tenant in ("paris", "hq"):
        keys = f"/admin/tenants/{tenant}/api-keys"
        body = {"type": "secret", "title": "Canary", "permissions": ["tenant:read"]}
        repeated = bearing | {"Idempotency-Key": str(uuid.uuid4())}
        made = (await client("POST", keys, headers=repeated, json=body)).json()["api_key"]
        await client("POST", keys, headers=repeated, json=body)
        key = canaries.real(made["token"], f"an API key of {tenant}")
        for where in (f"/admin/tenants/{tenant}", "/admin/tenants/nobodys", "/admin/users/me"):
            await client("GET", where, headers={"Authorization": f"Bearer {key}"})
            await client("GET", where, auth=httpx.BasicAuth(key, ""))
            await client("GET", where, headers={"X-Publishable-Api-Key": key})
        # Refused to one who is known, which is recorded; only who asks is told the name.
        recorded = len(canaries.bodies)
        for target in (f"/admin/tenants/{key}", f"{keys}/{key}", f"/t/{key}/admin/users/me"):
            await client("GET", target, headers={"Authorization": f"Bearer {key}"})
            await client("GET", target, headers=bearing)
        del canaries.bodies[recorded:]
        await client("DELETE", f"{keys}/{made['id']}", headers=bearing)
        await client("GET", f"/admin/tenants/{tenant}", headers={"Authorization": f"Bearer {key}"})
    # Somebody pastes a secret into a path; the one who sent it is told of it, nobody else.
    recorded = len(canaries.bodies)
    for secret in (canaries.real(new_key(SECRET), "a key in a path"), answer["token"]):
        for path in (f"/store/products/{secret}", f"/admin/tenants/{secret}", f"/{secret}/x"):
            await client("GET", path, headers=bearing)
    del canaries.bodies[recorded:]


async def by_mail(client, canaries, platform):
    """Uses a token that came by mail, badly: too weak a password, then in the wrong place."""
    address, update = platform.admin_email, "/auth/user/emailpass/update"
    forgotten = {"identifier": address}
    await client("POST", "/auth/user/emailpass/reset-password", json=forgotten)
    token = canaries.real(token_in(await mail_to(platform, address)), "a token that was mailed")
    bearing = {"Authorization": f"Bearer {token}"}
    for options in ({"headers": bearing, "json": {"password": "x"}}, {"json": {"token": token}}):
        assert not (await client("POST", update, **options)).is_success
    for method, path in (("GET", "/admin/users/me"), ("POST", "/admin/invites/accept")):
        assert not (await client(method, path, headers=bearing)).is_success
    assert not (await client("GET", f"/auth/{token}", params={"token": token})).is_success


@pytest_asyncio.fixture(scope="module")
async def canaries(platform, http, operations, admin_token, no_attempts):
    """Lets them all fly."""
    flying = Canaries()
    client, headers = Client(http, flying), {"Authorization": f"Bearer {admin_token}"}
    for number, (method, path, properties) in enumerate(operations):
        ours = {} if path.startswith(("/auth", "/store")) else headers
        await misplaced(client, flying, number, method, path, ours)
        if properties is not None:
            await in_its_body(client, flying, number, method, path, properties, ours)
    await no_attempts()  # the secrets that flew as the admin's own password were guesses at it
    await real_ones(client, flying, platform, admin_token)
    await by_mail(client, flying, platform)
    for file in platform.secrets.iterdir():
        for line in file.read_text().splitlines():
            if file.suffix not in (".json", ".jwks", ".pub") and "-----" not in line:
                flying.real(line, f"the secret {file.name}")
    assert len(flying.sent) > 500
    return flying


def test_every_operation_was_tried(operations, canaries):
    tried = {where.rpartition(" of ")[2] for where in canaries.sent.values()}

    assert {path for _, path, _ in operations} <= tried
    assert any(is_secret(name) for _, _, body in operations for name in body or {})


def test_a_canary_would_be_seen_in_any_form(canaries):
    canary, where = next(iter(canaries.sent.items()))
    raw = canary.encode()
    encoded = [base64.b64encode(b"x" * before + raw + b"x").decode() for before in range(4)]
    for form in (canary, raw.hex(), *encoded):
        assert canaries.found_in(f"… {form} …") == [where]


async def test_no_log_of_any_process_has_a_secret_or_an_email(platform, canaries):
    logs = {path.name: path.read_text(errors="replace") for path in platform.state.logs.iterdir()}

    assert {"gateway.log", "tenant-registry.log", "audit.log", "postgres.log"} <= logs.keys()
    assert {name: found for name, text in logs.items()
            if (found := canaries.found_in(text, people=True))} == {}  # fmt: skip


async def test_no_table_of_any_database_has_a_secret(platform, canaries):
    looked = 0
    for database in DATABASES:
        connection = await connect(platform, database, "superuser")
        for table in await connection.fetch(
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
        ):
            name = table["name"]
            rows = await connection.fetch(f'SELECT t::text AS row FROM "{name}" t')
            looked += len(rows)
            whole = "\n".join(row["row"] for row in rows)
            assert canaries.found_in(whole) == [], f"{database}.{name}"
        await connection.close()
    assert looked > 100


async def test_nothing_in_redis_is_a_secret(platform, canaries):
    async with Redis.from_url(platform.topology.redis) as redis:
        keys = [key async for key in redis.scan_iter()]
        held = [repr((key, await redis.dump(key))) for key in keys]

    assert held
    assert canaries.found_in("\n".join(held), people=True) == []


def test_no_error_tells_a_secret(canaries):
    assert len(canaries.bodies) > 200

    assert {body for body in canaries.bodies if canaries.found_in(body)} == set()
