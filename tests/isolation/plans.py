"""What a tenant's admin asks for with what is another tenant's, and the same with decoys."""

import copy
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.isolation.bodies import sample
from tests.isolation.operations import Operation, described
from tests.isolation.twins import Loot, nobody_like, replayable

BASE = "impactnutrition.com"
_ONCE = "idempotency-key"
_KEYS = ("authorization", "x-tenant-id", "x-publishable-api-key")

# What an error says back of a name is cut there.
_QUOTED = 100


@dataclass
class Plan:
    """One request, and what of it is another tenant's."""

    operation: Operation
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def is_a_machines(self) -> bool:
        """Tells whether it comes with the other's secret key, and not with a session."""
        return "authorization" in self.headers


def aimed(own: str, other: str, spoils: Loot, chance: random.Random) -> Iterator[Plan]:
    """Brings to every operation what was good for the other tenant there, one thing at a time."""
    fits = spoils.fits | {"x-tenant-id": [other, *chance.sample(spoils.values, 2)]}
    for operation in replayable():
        for place in _places(operation):
            values = fits.get(place, [])[:3]
            if place == _ONCE:  # the second time it would be a repeat of our own
                values = [fits[_ONCE].pop()] if values else []
            for value in values:
                yield _plan(operation, own, {place: value}, spoils, chance)
        if operation.is_of_a_tenant:
            yield _plan(operation, other, {}, spoils, chance)


def drawn(own: str, other: str, spoils: Loot, chance: random.Random) -> Plan:
    """Draws an operation, and what of the other's is brought where."""
    operation = chance.choice(replayable())
    names = sorted(operation.query | operation.headers - {_ONCE})
    given = {name: chance.choice(spoils.values) for name in names if chance.random() < 0.25}
    tenant = chance.choice([own, other]) if operation.is_of_a_tenant else own
    one = _plan(operation, tenant, given, spoils, chance)
    if operation.body is not None:
        one.body = _with_loot(one.body, chance, spoils)
    return one


def _places(operation: Operation) -> list[str]:
    """Names where something of somebody else's can stand."""
    found = {name for name in re.findall(r"\{(\w+)\}", operation.path) if name != "tenant_id"}
    found |= operation.query | operation.headers
    if operation.path.startswith("/store"):
        found |= {"x-publishable-api-key", "x-tenant-id"}
    else:
        found |= {"x-tenant-id"} | ({"authorization"} if operation.takes_keys else set())
    return sorted(found)


def _plan(
    operation: Operation, tenant: str, given: Mapping[str, str], spoils: Loot, chance: random.Random
) -> Plan:
    def fill(found: re.Match[str]) -> str:
        if found[1] == "tenant_id":
            return tenant
        return slashless(given.get(found[1]) or chance.choice(_fitting(found[1], spoils)))

    headers = {
        name: re.sub(r"[^\x21-\x7e]", "-", value)
        for name, value in given.items()
        if name in operation.headers or name in _KEYS
    }
    if "authorization" in headers:
        headers["authorization"] = f"Bearer {headers['authorization']}"
    if operation.path.startswith("/store"):
        headers["host"] = f"{tenant}.{BASE}"
    query = {name: value for name, value in given.items() if name in operation.query}
    body = None
    if operation.body is not None:
        body = sample(operation.body, described()["components"])
    return Plan(operation, re.sub(r"\{(\w+)\}", fill, operation.path), query, headers, body)


def _fitting(name: str, spoils: Loot) -> list[str]:
    return spoils.fits.get(name) or spoils.values


def _with_loot(value: Any, chance: random.Random, spoils: Loot) -> Any:
    if isinstance(value, dict):
        return {name: _with_loot(held, chance, spoils) for name, held in value.items()}
    if isinstance(value, list):
        return [_with_loot(held, chance, spoils) for held in value]
    is_swapped = isinstance(value, str) and chance.random() < 0.6
    return chance.choice(spoils.values) if is_swapped else value


def decoyed(one: Plan, own: str, spoils: Loot) -> Plan:
    """Makes the same request with decoys for all that is the other's.

    The other's key is a good one, so beside it the decoy is for the tenant that it is brought to.
    """

    def swap(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: swap(held) for name, held in value.items()}
        if isinstance(value, list):
            return [swap(held) for held in value]
        return spoils.decoys.get(value, value) if isinstance(value, str) else value

    in_paths = {slashless(value): slashless(decoy) for value, decoy in spoils.decoys.items()}
    if one.is_a_machines:
        in_paths[own] = nobody_like(own)
    made = copy.copy(one)
    made.path = "/".join(in_paths.get(part, part) for part in one.path.split("/"))
    made.query, made.headers, made.body = swap(one.query), swap(one.headers), swap(one.body)
    return made


def undecoyed(text: str, own: str, spoils: Loot) -> str:
    """Puts back what the decoys stand for, so that two answers can be compared."""
    both = {slashless(value): slashless(decoy) for value, decoy in spoils.decoys.items()}
    both |= spoils.decoys | {own: nobody_like(own)}
    both |= {value[:_QUOTED]: decoy[:_QUOTED] for value, decoy in both.items()}
    for value in sorted(both, key=len, reverse=True):
        text = text.replace(both[value], value)
    return text


def slashless(text: str) -> str:
    return re.sub(r"[/?#%\s]", "-", text)
