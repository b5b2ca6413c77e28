"""Carts and orders over HTTP, against raw uvicorn that sends the bytes of a cart.

Carts that are to be completed are made ready before, and each is completed once.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from tests.load import cores, table
from tests.load.bench import SHOPPER, Bench, request, same
from tests.load.generator import NextRequest, load
from tests.load.requests import CONNECTIONS, floor
from tests.load.world import all_proven

ADDRESS = {
    "first_name": "Zoé",
    "last_name": "Martin",
    "address_1": "1 rue de la Paix",
    "city": "Paris",
    "postal_code": "75001",
    "country_code": "fr",
}
AT_ONCE = 8
CHECKOUTS = 100
"""How many whole checkouts are counted to say what one costs."""
MOST_A_SECOND = 150
"""How many carts are made ready for each second of completions; a faster platform needs more."""


async def each_purchase(bench: Bench) -> None:
    """Prints lines for carts, for completions alone and contended, and what a checkout costs."""
    await bench.post("/admin/tenants/paris/plan", {"plan": "unlimited"})
    variants = await _variants(bench)
    cart = await _ready(bench, variants[0])
    read = same(request("GET", f"/store/carts/{cart['id']}", SHOPPER))
    create = same(request("POST", "/store/carts", SHOPPER, {}))
    size = len((await bench.client.get(f"/store/carts/{cart['id']}", headers=SHOPPER)).content)
    table.head(f"Carts; the floor sends a cart of {size} bytes")
    floors: dict[int, float] = {}
    async with floor(b"x" * size) as port:
        for connections in CONNECTIONS:
            result = await load(port, connections, bench.seconds, same(request("GET", "/", {})))
            floors[connections] = result.per_second
            table.line("raw uvicorn (the floor)", connections, result, result.per_second)
    own = [(await _send(bench, "POST", "/store/carts", {}))["cart"]["id"] for _ in range(64)]
    for name, next_request in (
        ("create a cart", create),
        ("read a cart", read),
        ("add to a cart of one's own", _adding(own, variants)),
    ):
        for connections in CONNECTIONS:
            result = await load(bench.port, connections, bench.seconds, next_request)
            table.line(name, connections, result, floors[connections])
    for name, chosen in (
        ("complete, many variants", variants),
        ("complete, one variant", variants[:1]),
    ):
        for connections in CONNECTIONS:
            carts = await _many_ready(bench, chosen, int(MOST_A_SECOND * bench.seconds))
            result = await load(bench.port, connections, bench.seconds, _completing(carts))
            if len(result.latencies) > len(carts):
                print("  too few carts were made ready: raise MOST_A_SECOND")
            table.line(name, connections, result, floors[connections])
    await _print_cost(bench, variants)


async def _print_cost(bench: Bench, variants: Sequence[str]) -> None:
    """Prints what a whole checkout costs, from an empty cart to the order and its proven event."""
    await all_proven(bench.platform)
    before = cores.of_platform(bench.platform)
    carts = await _many_ready(bench, variants, CHECKOUTS)
    for cart in carts:
        await _send(bench, "POST", f"/store/carts/{cart}/complete")
    await all_proven(bench.platform)
    after = cores.of_platform(bench.platform)
    costs = {name: 1000 * (after[name] - before[name]) / CHECKOUTS for name in before}
    parts = ", ".join(f"{name} {cost:.2f}" for name, cost in costs.items())
    print(f"a whole checkout: {sum(costs.values()):.1f} ms of a core: {parts}", flush=True)


async def _variants(bench: Bench) -> list[str]:
    page = await _send(bench, "GET", "/store/products?limit=20&fields=variants.id")
    return [product["variants"][0]["id"] for product in page["products"]]


async def _many_ready(bench: Bench, variants: Sequence[str], number: int) -> list[str]:
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(place: int) -> str:
        async with slots:
            cart = await _ready(bench, variants[place % len(variants)])
            return str(cart["id"])

    return list(await asyncio.gather(*map(one, range(number))))


async def _ready(bench: Bench, variant: str) -> dict[str, Any]:
    """Makes a cart that can be completed, as a storefront does."""
    body = {
        "items": [{"variant_id": variant, "quantity": 1}],
        "email": "zoe@example.com",
        "shipping_address": ADDRESS,
    }
    cart = (await _send(bench, "POST", "/store/carts", body))["cart"]
    options = await _send(bench, "GET", f"/store/shipping-options?cart_id={cart['id']}")
    if found := options["shipping_options"]:
        chosen = {"option_id": found[0]["id"]}
        await _send(bench, "POST", f"/store/carts/{cart['id']}/shipping-methods", chosen)
    answer = await _send(bench, "POST", "/store/payment-collections", {"cart_id": cart["id"]})
    collection = answer["payment_collection"]["id"]
    await _send(
        bench,
        "POST",
        f"/store/payment-collections/{collection}/payment-sessions",
        {"provider_id": "pp_system_default"},
    )
    return dict(cart)


async def _send(bench: Bench, method: str, path: str, body: object = None) -> dict[str, Any]:
    answer = await bench.client.request(method, path, json=body, headers=SHOPPER)
    assert answer.is_success, answer.text
    return dict(answer.json())


def _adding(carts: Sequence[str], variants: Sequence[str]) -> NextRequest:
    """Adds to a cart for each connection."""

    def next_request(connection: int, n: int) -> bytes:
        body = {"variant_id": variants[n % len(variants)], "quantity": 1}
        return request("POST", f"/store/carts/{carts[connection]}/line-items", SHOPPER, body)

    return next_request


def _completing(carts: Sequence[str]) -> NextRequest:
    place = iter(range(1_000_000))

    def next_request(_connection: int, _n: int) -> bytes:
        return request("POST", f"/store/carts/{carts[next(place) % len(carts)]}/complete", SHOPPER)

    return next_request
