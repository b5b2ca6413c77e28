"""Two tenants that did the same things, and what the one could bring to the other's door.

`foreign_values` are all texts that the first tenant received and the other did not: ids, etags,
keys, cursors, hosts, ids of events. Each has a decoy, a text of the same form that is nobody's. Its
`canary` is in what it wrote and in nothing that is brought to the other.
"""

import random
import re
import string
import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx

from deploy.local.platform import LocalPlatform
from services.values.api_keys import PREFIXES, is_sound, new_key
from tests.isolation.model import Person
from tests.isolation.operations import Operation, operations
from tests.isolation.people import employ, log_in
from tests.openapi_hooks import CHECKS_OPENAPI
from tests.platform import connect

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
READ_OPERATIONS = [
    operation
    for operation in operations()
    if (operation.is_of_a_tenant or operation.is_of_the_requests_tenant)
    and operation.method == "GET"
]


@dataclass
class PairedTenant:
    """A tenant, its admin's client, and all texts that it was answered."""

    id: str
    canary: str
    http: httpx.AsyncClient
    texts: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    """What may stand in a path."""
    accepted: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What was good for the tenant itself, by the parameter or header in which it was."""

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = await self.http.request(method, path, **options)
        if answer.is_success:
            self.texts.update(_texts_of(answer))
            self.ids.update(re.findall(r'"(?:id|host)":"([^"/]{4,100})"', answer.text))
            self.accepted["if-match"].update(filter(None, [answer.headers.get("etag")]))
            self.accepted["page_token"].update(
                re.findall(r'"next_page_token":"([^"]+)"', answer.text)
            )
        return answer


def _texts_of(answer: httpx.Response) -> Iterator[str]:
    """Finds the texts of an answer's headers and of its body, when that is JSON."""
    for name in ("etag", "x-audit-event"):
        yield from filter(None, [answer.headers.get(name)])
    if answer.headers.get("content-type", "").startswith("application/json"):
        yield from _texts(answer.json())


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for name, item in value.items():
                if name != "request_id":
                    yield from _texts(item)
        case list():
            for item in value:
                yield from _texts(item)


async def paired_tenant(
    platform: LocalPlatform, http: httpx.AsyncClient, admin: httpx.AsyncClient, letter: str
) -> PairedTenant:
    """Makes a tenant with an admin of its own, who does everything once that there is to do."""
    tenant = PairedTenant(f"{letter}{uuid.uuid4().hex[:12]}", f"canary{uuid.uuid4().hex}", http)
    body = {"id": tenant.id, "display_name": tenant.canary, "country_code": "fr",
            "currency_code": "eur", "default_locale": "fr"}  # fmt: skip
    (await admin.post("/admin/tenants", json=body)).raise_for_status()
    (await admin.post(f"/admin/tenants/{tenant.id}/activate")).raise_for_status()
    registry = await connect(platform, "tenant-registry", "superuser")
    roles = tuple((role, tenant.id) for role in ("TenantAdmin", "CatalogMgr"))
    admin_id = await employ(registry, Person("its admin", roles))
    await registry.close()
    headers = {"Authorization": f"Bearer {await log_in(http, admin_id)}"}
    tenant.http = httpx.AsyncClient(
        base_url=platform.url,
        trust_env=False,
        timeout=20,
        headers=headers,
        event_hooks=CHECKS_OPENAPI,
    )
    await _use_everything(tenant, admin)
    return tenant


async def _use_everything(tenant: PairedTenant, admin: httpx.AsyncClient) -> None:
    """Writes what a tenant can write, then reads all that can be read, ids that it met included."""
    root = f"/admin/tenants/{tenant.id}"
    sold = (await admin.get("/admin/products?status=published&limit=2")).json()["products"]
    acts: list[tuple[str, str, dict[str, object]]] = [
        ("PATCH", root, {"settings": {"note": tenant.canary}}),
        ("POST", f"{root}/domains", {"host": f"{tenant.id}.example"}),
        ("POST", f"{root}/api-keys", {"title": tenant.canary, "type": "secret",
                                      "permissions": ["listing:read", "listing:write"]}),
        ("POST", f"{root}/api-keys", {"title": tenant.canary, "type": "publishable"}),
        *(("POST", f"{root}/products", {"product_id": operation["id"]}) for operation in sold),
    ]  # fmt: skip
    for method, path, body in acts:
        key = str(uuid.uuid4())
        tenant.texts.add(key)
        tenant.accepted["idempotency-key"].add(key)
        answer = await tenant.ask(method, path, json=body, headers={"Idempotency-Key": key})
        assert answer.is_success, answer.text
        for token in re.findall(r'"token":"([^"]+)"', answer.text):
            kind = "x-publishable-api-key" if body.get("type") == "publishable" else "authorization"
            tenant.accepted[kind].add(token)
    for operation in sorted(READ_OPERATIONS, key=lambda operation: operation.path.count("{")):
        path = operation.path.replace("{tenant_id}", tenant.id)
        place = {"X-Tenant-ID": tenant.id} if operation.is_of_the_requests_tenant else {}
        if {"limit", "page_token"} <= operation.query:
            await tenant.ask("GET", path, params={"limit": "1"}, headers=place)
        for met in sorted(tenant.ids) if "{" in path else [""]:
            answer = await tenant.ask("GET", re.sub(r"\{\w+\}", met, path), headers=place)
            if answer.is_success and met:
                tenant.accepted[re.findall(r"\{(\w+)\}", path)[0]].add(met)


@dataclass(frozen=True)
class ForeignValues:
    """What one tenant has and the other has not, and a decoy for each value."""

    decoys: dict[str, str]
    pattern: re.Pattern[str]
    accepted: dict[str, list[str]]

    @property
    def values(self) -> list[str]:
        return list(self.decoys)


def foreign_values(of: PairedTenant, *others: PairedTenant) -> ForeignValues:
    """Takes what is the tenant's alone; a text of a few letters may be anybody's."""
    own = of.texts.difference(*(other.texts for other in others)) | {of.id}
    # A time is nobody's, and one letter of it changed is no time.
    own = {text for text in own if of.canary not in text and not _TIME.fullmatch(text)}
    chance = random.Random(1)
    decoys = {text: _decoy(text, chance) for text in sorted(own) if 8 <= len(text) <= 200}
    # Ids such as sc_paris are made of the tenant's, and so are the decoys of both.
    made = {text for text in decoys if re.fullmatch(rf"[a-z]+_{re.escape(of.id)}", text)}
    decoys |= {text: text.replace(of.id, decoys[of.id]) for text in made}
    long = sorted((re.escape(text) for text in decoys if len(text) >= 12), key=len, reverse=True)
    accepted = {name: sorted(texts & decoys.keys()) for name, texts in of.accepted.items()}
    return ForeignValues(decoys, re.compile("|".join([of.canary, *long])), accepted)


def nobody_like(tenant: str) -> str:
    """Makes the id of a tenant that does not exist."""
    return _decoy(tenant, random.Random(2))


def _decoy(text: str, chance: random.Random) -> str:
    """Makes a text of the same form: its last letters and digits are others of their kind."""
    for kind in PREFIXES:
        if is_sound(text, kind):
            return new_key(kind)  # one without its checksum would not even be looked up
    kinds = (string.ascii_lowercase.replace("z", ""), string.ascii_uppercase, string.digits)
    tenant = list(text)
    places = [n for n, letter in enumerate(text) if letter.isascii() and letter.isalnum()][1:][-10:]
    is_hex = bool(re.fullmatch(r"[0-9a-f-]+", text[1:]))
    for n in places:
        kind = next(k for k in (*kinds, text[n]) if text[n] in k)
        tenant[n] = chance.choice("0123456789abcdef" if is_hex else kind)
    return "".join(tenant)


def replayable() -> list[Operation]:
    """Lists what the other tenant's admin tries; but nothing that would end their own session."""
    return [
        operation
        for operation in operations()
        if (operation.path.startswith("/store") or operation.wants_a_session)
        and not (
            operation.method != "GET"
            and "account:own" in {rpc.permission for rpc in operation.rpcs}
        )
    ]
