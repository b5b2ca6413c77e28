"""The matrix over HTTP: every operation, by everybody, at every tenant in every state.

How each request must end is told by `model`; which combinations there are is found, not listed.
"""

import asyncio
import itertools
import re
from typing import Any

import httpx
import pytest

from tests.isolation import model
from tests.isolation.bodies import content, sample
from tests.isolation.model import Person, place_of
from tests.isolation.operations import Operation, described, operations
from tests.isolation.people import ANONYMOUS, NOBODYS, World, log_in
from tests.isolation.sizes import covering, size

AT_ONCE = 12
# On a busy machine an answer may be to come back later, which says nothing of who is let in.
TRIES, LATER = 5, {429, 503, 504}
CUSTOMERS = [one for one in operations() if one.is_of_customers]
"""Those for whoever has an account in a shop; tests/commerce/customers has who they are for."""
ADMINS = [one for one in operations() if one.wants_a_session and one not in CUSTOMERS]
SOMEWHERE = [one for one in ADMINS if place_of(one, "x") == "x"]
"""Those that can be asked for at any place; the others have theirs."""
SHOPPERS = [one for one in operations() if one.path.startswith("/store") and one not in CUSTOMERS]
REFUSALS = {"TENANT_NOT_FOUND", "SHOP_UNKNOWN"}


async def test_the_running_gateway_has_the_operations_of_the_matrix(http):
    paths = (await http.get("/openapi.json")).raise_for_status().json()["paths"]

    running = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert running == {(one.method, one.path) for one in operations()}
    assert len(ADMINS) > 30


def test_every_operation_of_an_admin_calls_something():
    """Otherwise the model would not know what is asked for."""
    # The context answers what its scope has asked for: any role at the tenant will do. Whoever has
    # one is told of all currencies and locales, of what computes taxes, of who ships, and that a
    # sales channel is made elsewhere.
    assert [one.name for one in ADMINS if not one.rpcs] == [
        "POST /admin/sales-channels",
        "GET /admin/tax-providers",
        "GET /admin/fulfillment-providers",
        "GET /admin/currencies",
        "GET /admin/currencies/{code}",
        "GET /admin/locales",
        "GET /admin/locales/{code}",
        "GET /admin/tenant-context",
    ]


def cells(operation: Operation, world: World) -> list[tuple[Person, str]]:
    """Pairs everybody with places that the operation can be asked for, and with all outcomes."""
    alike = SOMEWHERE if operation in SOMEWHERE else ADMINS
    return covering(
        world.people,
        list(world.places) if operation in SOMEWHERE else ["the head office"],
        lambda person, target: expected(operation, person, target, world),
        turn=alike.index(operation),
    )


def expected(operation: Operation, person: Person, target: str, world: World) -> str:
    at = place_of(operation, world.places[target])
    if at == NOBODYS and person.is_known:
        return model.UNKNOWN
    return world.model.of_operation(operation, person, at)


def _harmless(body: Any) -> Any:
    """Keeps an access grant from being made: it would open the place to all that is tried later."""
    return body | {"minutes": 16} if isinstance(body, dict) and "minutes" in body else body


async def ask(
    http: httpx.AsyncClient, world: World, operation: Operation, person: Person, target: str
) -> httpx.Response:
    """Asks as somebody, in the form that the operation wants, but for a version that is stale."""
    headers = {"If-Match": '"0"'} if "if-match" in operation.headers else {}
    if not operation.is_of_a_tenant and place_of(operation, "x") == "x":
        headers["X-Tenant-ID"] = target
    if person.name in world.tokens:
        headers["Authorization"] = f"Bearer {world.tokens[person.name]}"
    body = operation.body
    components = described()["components"]
    query = {name: sample(one, components) for name, one in operation.required_query.items()}
    made = None if body is None else _harmless(sample(body, components))
    sent = content(made, takes_files=operation.takes_files)
    values = {"tenant_id": target, "rule_type": "rules"}
    path = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], "x-1"), operation.path)
    for _ in range(TRIES):
        answer = await http.request(operation.method, path, headers=headers, params=query, **sent)
        if answer.status_code not in LATER:
            break
        await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
    return answer


def ended(answer: httpx.Response) -> str:
    """Tells how a request ended, in the words of the model."""
    code = answer.json().get("code", "") if answer.status_code >= 400 else ""
    match answer.status_code, code:
        case 401, _:
            return model.UNAUTHENTICATED
        case 403, "PERMISSION_MISSING" | "ACCESS_GRANT_NEEDED":
            return model.FORBIDDEN
        case 403, _ if code.startswith("SCOPE_"):
            return code
        case 404, _ if code in REFUSALS:
            return model.UNKNOWN
        case status, _ if status in (405, 415, 429) or status >= 500:
            return f"{status} {code}"
    return model.IN


def _named(group: list[Operation]) -> str:
    return group[0].name if len(group) == 1 else f"{len(group)} operations"


# Those of one's own account may end the session in which the others are asked for.
OWN = [one for one in ADMINS if model.is_of_ones_own(one)]
GROUPS = [[one for one in ADMINS if one not in OWN], *([one] for one in OWN)]


@pytest.mark.timeout(size(900, 4 * 3600))
@pytest.mark.parametrize("group", GROUPS, ids=_named)
async def test_access_matches_the_model(http, world, group, record_property):
    gate, wrong = asyncio.Semaphore(AT_ONCE), []

    async def check(person: Person, target: str, operation: Operation) -> None:
        place, right = world.places[target], expected(operation, person, target, world)
        async with gate:
            answer = await ask(http, world, operation, person, place)
            if answer.status_code == 401 and person.is_known and person.name in world.admins:
                # What was asked before may have ended the session, as logging out does.
                world.tokens[person.name] = await log_in(http, world.admins[person.name])
                answer = await ask(http, world, operation, person, place)
        if ended(answer) != right:
            cell = (operation.name, person.name, target)
            wrong.append((*cell, right, answer.status_code, answer.text[:200]))

    # What somebody asks of one place comes together: the facts about them serve for a second.
    requests = sorted(
        ((*cell, operation) for operation in group for cell in cells(operation, world)),
        key=lambda cell: (cell[0].name, cell[1]),
    )
    await asyncio.gather(*(check(*cell) for cell in requests))
    record_property("requests", len(requests))

    assert wrong == []


@pytest.mark.parametrize("operation", SHOPPERS, ids=lambda one: one.name)
async def test_a_shopper_is_let_in_where_a_shop_is_open(http, world, operation):
    people = [ANONYMOUS, *(p for p in world.people if p.name in ("TenantAdmin here", "revoked"))]
    if operation.takes_customers:  # a token of anybody else is refused there
        people = [ANONYMOUS]
    path, wrong = re.sub(r"\{\w+\}", "x-1", operation.path), []

    async def check(person: Person, name: str, place: str) -> None:
        expected = (
            model.IN if place == model.HEAD_OFFICE or name.endswith("active") else model.UNKNOWN
        )
        headers = {"X-Tenant-ID": place}
        if token := world.tokens.get(person.name):
            headers["Authorization"] = f"Bearer {token}"
        answer = await http.request(operation.method, path, headers=headers)
        if ended(answer) != expected:
            wrong.append((person.name, name, expected, answer.status_code, answer.text[:200]))

    cells = itertools.product(people, world.places.items())
    await asyncio.gather(*(check(person, *place) for person, place in cells))

    assert wrong == []


def test_everybody_is_everywhere(world):
    """Otherwise the sample that is tried here would leave somebody out, or some place."""
    tried = {
        (person.name, target)
        for operation in SOMEWHERE
        for person, target in cells(operation, world)
    }

    assert tried == set(itertools.product((person.name for person in world.people), world.places))


def test_the_matrix_has_every_outcome(world):
    """Otherwise the tests above would prove little."""
    outcomes = {
        operation.name: {
            world.model.of_operation(operation, person, place_of(operation, place))
            for person in world.people
            for place in world.targets
        }
        for operation in ADMINS
    }

    own = {operation.name for operation in ADMINS if model.is_of_ones_own(operation)}
    for name, found in outcomes.items():
        assert found >= {model.IN, model.UNAUTHENTICATED}, name
        if name not in own:
            assert found & {model.FORBIDDEN, model.UNKNOWN}, name
    assert set().union(*outcomes.values()) == {
        model.IN, model.UNAUTHENTICATED, model.FORBIDDEN, model.UNKNOWN
    }  # fmt: skip
