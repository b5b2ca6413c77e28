"""Two tenants that did the same things, and what the one could bring to the other's door.

`loot` is every text that the first tenant was ever answered and its twin was not: ids, etags, keys,
cursors, hosts, ids of events. Each has a decoy, a text of the same form that is nobody's. Its
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
from tests.described import AS_DESCRIBED
from tests.isolation.model import Person
from tests.isolation.operations import Operation, operations
from tests.isolation.people import employ, log_in
from tests.platform import connect

_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
READS = [one for one in operations() if one.is_of_a_tenant and one.method == "GET"]


@dataclass
class Twin:
    """A tenant, its admin's client, and all texts that it was answered."""

    id: str
    canary: str
    http: httpx.AsyncClient
    texts: set[str] = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    """What may stand in a path."""
    fits: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What was good for the tenant itself, by the parameter or header in which it was."""

    async def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        answer = await self.http.request(method, path, **options)
        if answer.is_success:
            self.texts.update(_texts_of(answer))
            self.ids.update(re.findall(r'"(?:id|host)":"([^"/]{4,100})"', answer.text))
            self.fits["if-match"].update(filter(None, [answer.headers.get("etag")]))
            self.fits["page_token"].update(re.findall(r'"next_page_token":"([^"]+)"', answer.text))
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
            for name, held in value.items():
                if name != "request_id":
                    yield from _texts(held)
        case list():
            for held in value:
                yield from _texts(held)


async def twin(
    platform: LocalPlatform, http: httpx.AsyncClient, admin: httpx.AsyncClient, letter: str
) -> Twin:
    """Makes a tenant with an admin of its own, who does everything once that there is to do."""
    made = Twin(f"{letter}{uuid.uuid4().hex[:12]}", f"canary{uuid.uuid4().hex}", http)
    body = {"id": made.id, "display_name": made.canary, "country_code": "fr",
            "currency_code": "eur", "default_locale": "fr"}  # fmt: skip
    (await admin.post("/admin/tenants", json=body)).raise_for_status()
    (await admin.post(f"/admin/tenants/{made.id}/activate")).raise_for_status()
    registry = await connect(platform, "tenant-registry", "superuser")
    roles = tuple((role, made.id) for role in ("TenantAdmin", "CatalogMgr"))
    admin_id = await employ(registry, Person("its admin", roles))
    await registry.close()
    headers = {"Authorization": f"Bearer {await log_in(http, admin_id)}"}
    made.http = httpx.AsyncClient(
        base_url=platform.url,
        trust_env=False,
        timeout=20,
        headers=headers,
        event_hooks=AS_DESCRIBED,
    )
    await _journey(made, admin)
    return made


async def _journey(made: Twin, admin: httpx.AsyncClient) -> None:
    """Writes what a tenant can write, then reads all that can be read, ids that it met included."""
    root = f"/admin/tenants/{made.id}"
    sold = (await admin.get("/admin/products?status=published&limit=2")).json()["products"]
    acts: list[tuple[str, str, dict[str, object]]] = [
        ("PATCH", root, {"settings": {"note": made.canary}}),
        ("POST", f"{root}/domains", {"host": f"{made.id}.example"}),
        ("POST", f"{root}/api-keys", {"title": made.canary, "type": "secret",
                                      "permissions": ["listing:read", "listing:write"]}),
        ("POST", f"{root}/api-keys", {"title": made.canary, "type": "publishable"}),
        *(("POST", f"{root}/products", {"product_id": one["id"]}) for one in sold),
    ]  # fmt: skip
    for method, path, body in acts:
        key = str(uuid.uuid4())
        made.texts.add(key)
        made.fits["idempotency-key"].add(key)
        answer = await made.ask(method, path, json=body, headers={"Idempotency-Key": key})
        assert answer.is_success, answer.text
        for token in re.findall(r'"token":"([^"]+)"', answer.text):
            kind = "x-publishable-api-key" if body.get("type") == "publishable" else "authorization"
            made.fits[kind].add(token)
    for operation in sorted(READS, key=lambda one: one.path.count("{")):
        path = operation.path.replace("{tenant_id}", made.id)
        if {"limit", "page_token"} <= operation.query:
            await made.ask("GET", path, params={"limit": "1"})
        for met in sorted(made.ids) if "{" in path else [""]:
            answer = await made.ask("GET", re.sub(r"\{\w+\}", met, path))
            if answer.is_success and met:
                made.fits[re.findall(r"\{(\w+)\}", path)[0]].add(met)


@dataclass(frozen=True)
class Loot:
    """What one tenant has and its twin has not, and for each of it a decoy."""

    decoys: dict[str, str]
    pattern: re.Pattern[str]
    fits: dict[str, list[str]]

    @property
    def values(self) -> list[str]:
        return list(self.decoys)


def loot(of: Twin, *others: Twin) -> Loot:
    """Takes what is the tenant's alone; a text of a few letters may be anybody's."""
    own = of.texts.difference(*(other.texts for other in others)) | {of.id}
    # A time is nobody's, and one letter of it changed is no time.
    own = {text for text in own if of.canary not in text and not _TIME.fullmatch(text)}
    chance = random.Random(1)
    decoys = {text: _decoy(text, chance) for text in sorted(own) if 8 <= len(text) <= 200}
    long = sorted((re.escape(text) for text in decoys if len(text) >= 12), key=len, reverse=True)
    fits = {name: sorted(texts & decoys.keys()) for name, texts in of.fits.items()}
    return Loot(decoys, re.compile("|".join([of.canary, *long])), fits)


def nobody_like(tenant: str) -> str:
    """Makes the id of a tenant that does not exist."""
    return _decoy(tenant, random.Random(2))


def _decoy(text: str, chance: random.Random) -> str:
    """Makes a text of the same form: its last letters and digits are others of their kind."""
    for kind in PREFIXES:
        if is_sound(text, kind):
            return new_key(kind)  # one without its checksum would not even be looked up
    kinds = (string.ascii_lowercase.replace("z", ""), string.ascii_uppercase, string.digits)
    made = list(text)
    places = [n for n, letter in enumerate(text) if letter.isascii() and letter.isalnum()][1:][-10:]
    is_hex = bool(re.fullmatch(r"[0-9a-f-]+", text[1:]))
    for n in places:
        kind = next(k for k in (*kinds, text[n]) if text[n] in k)
        made[n] = chance.choice("0123456789abcdef" if is_hex else kind)
    return "".join(made)


def replayable() -> list[Operation]:
    """Lists what the twin's admin tries; but nothing that would end their own session."""
    return [
        one
        for one in operations()
        if (one.path.startswith("/store") or one.wants_a_session)
        and not (one.method != "GET" and "account:own" in {rpc.permission for rpc in one.rpcs})
    ]
