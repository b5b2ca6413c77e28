"""What a tenant's admin asks for with what is another tenant's, and the same with decoys."""

import copy
import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.isolation.bodies import sample
from tests.isolation.operations import Operation, described
from tests.isolation.paired_tenants import ForeignValues, nobody_like, replayable
from tests.isolation.sizes import size

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


def targeted_plans(
    own: str, other: str, foreign: ForeignValues, chance: random.Random
) -> Iterator[Plan]:
    """Brings to every operation what was good for the other tenant there, one thing at a time."""
    accepted = foreign.accepted | {
        "x-tenant-id": [other, *chance.sample(foreign.values, size(1, 2))]
    }
    for operation in replayable():
        for place in _places(operation):
            values = accepted.get(place, [])[:3]
            if place == _ONCE:  # the second time it would be a repeat of our own
                values = [accepted[_ONCE].pop()] if values else []
            for value in values:
                yield _plan(operation, own, {place: value}, foreign, chance)
        if operation.is_of_a_tenant:
            yield _plan(operation, other, {}, foreign, chance)


def random_plan(own: str, other: str, foreign: ForeignValues, chance: random.Random) -> Plan:
    """Draws an operation, and what of the other's is brought where."""
    operation = chance.choice(replayable())
    names = sorted(operation.query | operation.headers - {_ONCE})
    given = {name: chance.choice(foreign.values) for name in names if chance.random() < 0.25}
    tenant = chance.choice([own, other]) if operation.is_of_a_tenant else own
    one = _plan(operation, tenant, given, foreign, chance)
    if operation.body is not None:
        one.body = _with_foreign_values(one.body, chance, foreign)
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
    operation: Operation,
    tenant: str,
    given: Mapping[str, str],
    foreign: ForeignValues,
    chance: random.Random,
) -> Plan:
    def fill(found: re.Match[str]) -> str:
        if found[1] == "tenant_id":
            return tenant
        return slashless(given.get(found[1]) or chance.choice(_fitting(found[1], foreign)))

    headers = {
        name: re.sub(r"[^\x21-\x7e]", "-", value)
        for name, value in given.items()
        if name in operation.headers or name in _KEYS
    }
    if "authorization" in headers:
        headers["authorization"] = f"Bearer {headers['authorization']}"
    if operation.path.startswith("/store"):
        headers["host"] = f"{tenant}.{BASE}"
    if operation.is_of_the_requests_tenant:
        headers.setdefault("x-tenant-id", tenant)
    query = {name: value for name, value in given.items() if name in operation.query}
    body = None
    if operation.body is not None:
        body = sample(operation.body, described()["components"])
    return Plan(operation, re.sub(r"\{(\w+)\}", fill, operation.path), query, headers, body)


def _fitting(name: str, foreign: ForeignValues) -> list[str]:
    return foreign.accepted.get(name) or foreign.values


def _with_foreign_values(value: Any, chance: random.Random, foreign: ForeignValues) -> Any:
    if isinstance(value, dict):
        return {name: _with_foreign_values(held, chance, foreign) for name, held in value.items()}
    if isinstance(value, list):
        return [_with_foreign_values(held, chance, foreign) for held in value]
    is_swapped = isinstance(value, str) and chance.random() < 0.6
    return chance.choice(foreign.values) if is_swapped else value


def with_decoys(one: Plan, own: str, foreign: ForeignValues) -> Plan:
    """Makes the same request with decoys for all that is the other's.

    The other's key is a good one, so beside it the decoy is for the tenant that it is brought to.
    """

    def swap(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: swap(held) for name, held in value.items()}
        if isinstance(value, list):
            return [swap(held) for held in value]
        return foreign.decoys.get(value, value) if isinstance(value, str) else value

    in_paths = {slashless(value): slashless(decoy) for value, decoy in foreign.decoys.items()}
    if one.is_a_machines:
        in_paths[own] = nobody_like(own)
    made = copy.copy(one)
    made.path = "/".join(in_paths.get(part, part) for part in one.path.split("/"))
    made.query, made.headers, made.body = swap(one.query), swap(one.headers), swap(one.body)
    if one.is_a_machines and made.headers.get("x-tenant-id") == own:
        made.headers["x-tenant-id"] = nobody_like(own)
    return made


def without_decoys(text: str, own: str, foreign: ForeignValues) -> str:
    """Puts back what the decoys stand for, so that two answers can be compared."""
    both = {slashless(value): slashless(decoy) for value, decoy in foreign.decoys.items()}
    both |= foreign.decoys | {own: nobody_like(own)}
    both |= {value[:_QUOTED]: decoy[:_QUOTED] for value, decoy in both.items()}
    for value in sorted(both, key=len, reverse=True):
        text = text.replace(both[value], value)
    return text


def slashless(text: str) -> str:
    return re.sub(r"[/?#%\s]", "-", text)
