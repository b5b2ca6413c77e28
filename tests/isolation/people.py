"""Two tenants in each state, and everybody who may knock at them: each role, and who lost one."""

import json
import time
import uuid
from base64 import urlsafe_b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import asyncpg
import httpx
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy.local.platform import LocalPlatform
from tests.isolation.model import HEAD_OFFICE, Model, Person, Policy
from tests.platform import connect

ROLES = ("GlobalAdmin", "TenantAdmin", "CatalogMgr", "OrderOps")
PASSWORD = "correct-horse-battery-staple"
NOBODYS = "nobody-has-this"
HELD_BY_KEYS = frozenset({"listing:read", "listing:write", "tenant:read"})
ANONYMOUS = Person("anonymous", is_known=False)
_BODY = {"country_code": "fr", "currency_code": "eur", "default_locale": "fr"}


@dataclass
class World:
    """The places, the people, and the model of what they may do."""

    model: Model
    places: dict[str, str]
    people: list[Person]
    admins: dict[str, str]
    """Ids of admins by the person's name."""
    tokens: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """Resource names of keys by the machine's name."""

    @property
    def targets(self) -> list[str]:
        return list(self.places.values())


async def settle(
    platform: LocalPlatform, http: httpx.AsyncClient, admin: httpx.AsyncClient
) -> World:
    """Makes four tenants and everybody of the matrix, and logs everybody in."""
    places = {"nobody's": NOBODYS, "the head office": HEAD_OFFICE, **await _tenants(admin)}
    registry = await connect(platform, "tenant-registry", "superuser")
    rows = await registry.fetch("SELECT role_id, reach, permissions FROM policy")
    model = Model([Policy(r["role_id"], r["reach"], tuple(r["permissions"])) for r in rows])
    world = World(model, places, [ANONYMOUS], {})
    own, other = ([p for name, p in places.items() if name.startswith(w)] for w in ("own", "other"))
    for person, changed in _everybody(own, other):
        world.admins[person.name] = await employ(registry, person, **changed)
        world.tokens[person.name] = await log_in(http, world.admins[person.name])
        world.people.append(_as_it_counts(person, changed))
    await _let_go(registry, world)
    await _give_keys(admin, registry, world)
    await registry.close()
    _let_end(platform, world)
    return world


async def _tenants(admin: httpx.AsyncClient) -> dict[str, str]:
    word, made = uuid.uuid4().hex[:10], {}
    for whose in ("own", "other"):
        for state in ("active", "suspended"):
            place = f"{whose[:2]}{state[:1]}-{word}"
            await _make_tenant(admin, place, state)
            made[f"{whose}, {state}"] = place
    return made


async def _let_go(registry: asyncpg.Connection, world: World) -> None:
    """Deactivates somebody who has a session."""
    sql = "UPDATE admin SET deactivate_time = now() WHERE admin_id = $1"
    await registry.execute(sql, world.admins["deactivated"])


async def _give_keys(admin: httpx.AsyncClient, registry: asyncpg.Connection, world: World) -> None:
    """Makes keys of machines: one of each own tenant, one that is revoked and one that is over."""
    for name in ("own, active", "own, suspended", "revoked", "over"):
        place = world.places.get(name, world.places["own, active"])
        path = f"/admin/tenants/{place}/api-keys"
        body = {"title": name, "type": "secret", "permissions": sorted(HELD_BY_KEYS)}
        made = (await admin.post(path, json=body)).raise_for_status().json()["api_key"]
        if name == "revoked":
            (await admin.delete(f"{path}/{made['id']}")).raise_for_status()
        if name == "over":
            sql = "UPDATE api_key SET expire_time = now() - interval '1 minute' WHERE key_id = $1"
            await registry.execute(sql, made["id"])
        is_known = name not in ("revoked", "over")
        person = Person(f"a key: {name}", key=(place, HELD_BY_KEYS), is_known=is_known)
        world.people.append(person)
        world.keys[person.name] = f"tenants/{place}/apiKeys/{made['id']}"
        world.tokens[person.name] = made["token"]


def _let_end(platform: LocalPlatform, world: World) -> None:
    """Gives somebody a session that was sound and is over."""
    claims = jwt_parts(world.tokens["TenantAdmin here"])[1]
    now, key = int(time.time()), (platform.secrets / "session.key").read_text()
    claims |= {"iat": now - 7200, "exp": now - 3600}
    header = {"alg": "Ed25519", "typ": "at+jwt"}
    person = Person("with a session that is over", is_known=False)
    world.people.append(person)
    world.tokens[person.name] = jwt.encode(header, claims, OKPKey.import_key(key), ["Ed25519"])


def jwt_parts(token: str) -> list[dict[str, object]]:
    parts = token.split(".")[:2]
    return [json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in parts]


def _everybody(own: Sequence[str], other: Sequence[str]) -> list[tuple[Person, dict[str, str]]]:
    here = [Person(f"{role} here", tuple((role, t) for t in own)) for role in ROLES]
    main = [Person(f"{role} at the head office", ((role, HEAD_OFFICE),)) for role in ROLES]
    admin = tuple(("TenantAdmin", t) for t in own)
    everywhere = [
        Person("GlobalAdmin everywhere", (("GlobalAdmin", None),)),
        Person("TenantAdmin elsewhere", tuple(("TenantAdmin", t) for t in other)),
        Person("OrderOps everywhere", (("OrderOps", None),)),
        Person("without a role"),
    ]
    lost: list[tuple[Person, dict[str, str]]] = [
        (Person("revoked", admin), {"revoke_time": "now()"}),
        (Person("over", admin), {"until_time": "now() - interval '1 minute'"}),
        (Person("not yet", admin), {"from_time": "now() + interval '1 hour'"}),
        (Person("deactivated", admin), {"deactivated": "later"}),
    ]
    return [(person, {}) for person in (*here, *main, *everywhere)] + lost


def _as_it_counts(person: Person, changed: dict[str, str]) -> Person:
    if "deactivated" in changed:
        return replace(person, roles=(), is_known=False)
    return replace(person, roles=()) if changed else person


async def _make_tenant(admin: httpx.AsyncClient, place: str, state: str) -> None:
    body = {"id": place, "display_name": f"canary-{place}", **_BODY}
    (await admin.post("/admin/tenants", json=body)).raise_for_status()
    for act in ("activate", *(["suspend"] if state == "suspended" else [])):
        (await admin.post(f"/admin/tenants/{place}/{act}")).raise_for_status()


@cache
def _hash() -> str:
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1).hash(PASSWORD)


async def employ(registry: asyncpg.Connection, person: Person, **changed: str) -> str:
    """Writes an admin and their roles as rows; `changed` are columns that are not as usual."""
    admin_id = f"user_{uuid.uuid4().hex}"
    await registry.execute(
        "INSERT INTO admin (admin_id, email, first_name, last_name, password_hash, create_time,"
        " update_time) VALUES ($1, $2, '', '', $3, now(), now())",
        admin_id,
        email_of(admin_id),
        _hash(),
    )
    for role, tenant in person.roles:
        await assign(registry, admin_id, role, tenant, **changed)
    return admin_id


async def assign(
    registry: asyncpg.Connection, admin_id: str, role: str, tenant: str | None, **changed: str
) -> None:
    """Writes that an admin has a role at a tenant; `changed` are times that are not as usual."""
    times = {"from_time": "now() - interval '1 hour'", "until_time": "NULL", "revoke_time": "NULL"}
    times |= {name: value for name, value in changed.items() if name in times}
    await registry.execute(
        "INSERT INTO assignment (assignment_id, admin_id, role_id, tenant_id, granted_by,"
        f" reason, create_time, {', '.join(times)})"
        f" VALUES ($1, $2, $3, $4, 'a test', 'a test', now(), {', '.join(times.values())})",
        f"asgn_{uuid.uuid4().hex}",
        admin_id,
        role,
        tenant,
    )


def email_of(admin_id: str) -> str:
    return f"{admin_id}@example.com"


async def log_in(http: httpx.AsyncClient, admin_id: str) -> str:
    login = {"email": email_of(admin_id), "password": PASSWORD}
    answer = await http.post("/auth/user/emailpass", json=login)
    return str(answer.raise_for_status().json()["token"])
