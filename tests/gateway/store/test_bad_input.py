"""What no request of a shopper may name or hold: tried on every route of carts, orders, customers.

Nothing of it is written, in either shop.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from tests.commerce.conftest import ADDRESS, Shopper, bearer
from tests.gateway.admin.answers import refused
from tests.gateway.admin.test_bad_input import BODIES, JSON
from tests.isolation.operations import described

HOSTS = {"paris": "paris.impactnutrition.com", "hq": "impactnutrition.com.tn"}
PAIRS = (("paris", "hq"), ("hq", "paris"))
CART, ORDER = "/store/carts/{cart_id}", "/store/orders/{order_id}"
SESSIONS = "/store/payment-collections/{collection_id}/payment-sessions"
OWN_ADDRESS = "/store/customers/me/addresses/{address_id}"
# Every act that names something by its id, with a body that could be right.
ACTS: dict[tuple[str, str], Any] = {
    ("GET", CART): None,
    ("POST", CART): {"email": "a@example.com"},
    ("POST", f"{CART}/customer"): None,
    ("POST", f"{CART}/line-items"): {"variant_id": "{variant_id}", "quantity": 1},
    ("POST", f"{CART}/line-items/{{item_id}}"): {"quantity": 7},
    ("DELETE", f"{CART}/line-items/{{item_id}}"): None,
    ("POST", f"{CART}/taxes"): None,
    ("POST", f"{CART}/promotions"): {"promo_codes": []},
    ("DELETE", f"{CART}/promotions"): {"promo_codes": []},
    ("POST", f"{CART}/complete"): None,
    ("POST", f"{CART}/shipping-methods"): {"option_id": "{option_id}"},
    ("GET", "/store/shipping-options"): None,
    ("POST", "/store/shipping-options/{option_id}/calculate"): {"cart_id": "{cart_id}"},
    ("POST", "/store/payment-collections"): {"cart_id": "{cart_id}"},
    ("POST", SESSIONS): {"provider_id": "pp_system_default"},
    ("GET", ORDER): None,
    ("POST", f"{ORDER}/transfer/request"): {},
    ("POST", f"{ORDER}/transfer/cancel"): None,
    ("POST", f"{ORDER}/transfer/accept"): {"token": "souk_ordertransfer_" + "A" * 43},
    ("POST", f"{ORDER}/transfer/decline"): {"token": "souk_ordertransfer_" + "A" * 43},
    ("GET", OWN_ADDRESS): None,
    ("POST", OWN_ADDRESS): {"city": "X"},
    ("DELETE", OWN_ADDRESS): None,
}
# Acts that name nothing, or only themselves.
NAMELESS = {
    ("POST", "/store/carts"),
    ("GET", "/store/orders"),
    ("POST", "/store/customers"),
    ("GET", "/store/customers/me"),
    ("POST", "/store/customers/me"),
    ("GET", "/store/customers/me/addresses"),
    ("POST", "/store/customers/me/addresses"),
}
ROOMS = ("/store/carts", "/store/orders", "/store/payment-coll", "/store/ship", "/store/customers")
CODES = {
    "cart_id": "CART_NOT_FOUND",
    "collection_id": "PAYMENT_COLLECTION_NOT_FOUND",
    "order_id": "ORDER_NOT_FOUND",
    "address_id": "ADDRESS_NOT_FOUND",
}
OWN = ("/customer", "/transfer/request", "/transfer/cancel", "/addresses/")
"""What only a customer may do, in parts of paths."""


class Shop:
    """A shop with a guest's cart and order, and a customer with a cart, an order and an address."""

    def __init__(self, guest: Shopper, customer: Shopper, ids: dict[str, str]) -> None:
        self.guest, self.customer, self.ids = guest, customer, ids

    def visitors(self, path: str) -> list[Shopper]:
        return [self.customer] if any(part in path for part in OWN) else [self.guest, self.customer]


@pytest_asyncio.fixture(scope="module")
async def shops(http) -> dict[str, Shop]:
    return {t: await opened(Shopper(http, {"Host": host})) for t, host in HOSTS.items()}


async def opened(guest: Shopper) -> Shop:
    customer = await guest.account()
    cart = await guest.cart(1, email="zoe@example.com", shipping_address=ADDRESS)
    found = await guest.get("/store/shipping-options", cart_id=cart["id"])
    collection = await guest.post("/store/payment-collections", {"cart_id": cart["id"]})
    made = await customer.post("/store/customers/me/addresses", {"city": "Lyon"})
    ids = {
        "cart_id": cart["id"],
        "item_id": cart["items"][0]["id"],
        "variant_id": cart["items"][0]["variant_id"],
        "region_id": cart["region_id"],
        "option_id": found["shipping_options"][0]["id"],
        "collection_id": collection["payment_collection"]["id"],
        "order_id": (await guest.buy())["id"],
        "own_order_id": (await customer.buy())["id"],
        "address_id": made["customer"]["addresses"][0]["id"],
    }
    return Shop(guest, customer, ids)


def act(method: str, path: str, ids: dict[str, str]) -> tuple[str, str, Any]:
    """Returns an act on the things that have these ids."""
    if path == "/store/shipping-options":
        path += "?cart_id={cart_id}"
    body = ACTS[method, path.partition("?")[0]]
    named = {name: quote(id_, safe="") for name, id_ in ids.items()}
    if body is not None:
        filled = json.dumps(body)
        for name, id_ in ids.items():
            filled = filled.replace(f"{{{name}}}", id_)
        body = json.loads(filled)
    return method, path.format(**named), body


def acts(ids: dict[str, str]) -> Iterator[tuple[str, str, Any]]:
    for method, path in ACTS:
        yield act(method, path, ids)


def code_of(path: str) -> str:
    """Returns the code of what an act names first."""
    if path.startswith("/store/shipping-options"):
        return CODES["cart_id"]
    return next((code for name, code in CODES.items() if f"{{{name}}}" in path), CODES["cart_id"])


@pytest_asyncio.fixture
async def stored(database):
    """Digests what commerce stores of a tenant; what leaves by itself does not count."""
    connection = await database("commerce", "superuser")
    found = await connection.fetch(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'tenant_id' AND table_schema = 'public'"
    )
    tables = {row["table_name"] for row in found} - {"outbox", "audit_leaf"}

    async def digest(*tenants):
        return {
            table: await connection.fetchval(
                f"SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {table} t"
                " WHERE tenant_id = ANY($1)",
                list(tenants),
            )
            for table in tables
        }

    return digest


def test_every_act_that_names_something_is_tried():
    there = {
        (method.upper(), path)
        for path, methods in described()["paths"].items()
        for method in methods
        if path.startswith(ROOMS)
    }
    assert there == ACTS.keys() | NAMELESS


async def test_everything_of_another_shop_is_unknown_and_stays_as_it_is(shops, stored):
    before = await stored("paris", "hq")
    for own, other in PAIRS:
        for method, path in ACTS:
            for visitor in shops[own].visitors(path):
                tried = await visitor.send(*act(method, path, shops[other].ids))
                assert refused(tried, 404)["code"] == code_of(path), (method, path)
    assert await stored("paris", "hq") == before


async def test_parts_of_another_shops_cart_are_unknown_in_the_own(shops, stored):
    before = await stored("paris", "hq")
    for own, other in PAIRS:
        for part, code in (
            ("item_id", (404, "ITEM_NOT_FOUND")),
            ("option_id", (404, "SHIPPING_OPTION_NOT_FOUND")),
        ):
            for id_ in (shops[other].ids[part], "x", shops[own].ids["cart_id"]):
                ids = shops[own].ids | {part: id_}
                for method, path in (one for one in ACTS if f"{{{part}}}" in one[1]):
                    assert await shops[own].guest.refused(*act(method, path, ids)) == code
        for region in (shops[other].ids["region_id"], "reg_0", "x"):
            for path in ("/store/carts", f"/store/carts/{shops[own].ids['cart_id']}"):
                refusal = await shops[own].guest.refused("POST", path, {"region_id": region})
                assert refusal == (404, "REGION_NOT_FOUND")
    assert await stored("paris", "hq") == before


@pytest.mark.parametrize("kind", ["none", "lower", "another", "long"])
async def test_an_id_that_nobody_has_is_unknown(shops, stored, kind):
    before = await stored("paris", "hq")
    for shop in shops.values():
        made = {name: made_up(kind, name, id_, shop.ids) for name, id_ in shop.ids.items()}
        for method, path in ACTS:
            visitor = shop.visitors(path)[0]
            answer = await visitor.send(*act(method, path, made))
            assert refused(answer, 404)["code"] == code_of(path), (method, path)
    assert await stored("paris", "hq") == before


def made_up(kind: str, name: str, id_: str, ids: dict[str, str]) -> str:
    others = {"order_id": "cart_id", "cart_id": "order_id"}
    return {
        "none": f"{id_.split('_')[0]}_{'0' * 26}",
        "lower": id_.lower(),
        "another": ids[others.get(name, "cart_id")],
        "long": "x" * 100,
    }[kind]


@pytest.mark.parametrize("text", ["é", "a b", "'--", "x" * 300])
async def test_a_text_that_can_be_no_id_is_refused(shops, stored, text):
    before = await stored("paris", "hq")
    shop = shops["paris"]
    for method, path in ACTS:
        answer = await shop.visitors(path)[0].send(
            *act(method, path, dict.fromkeys(shop.ids, text))
        )
        assert answer.status_code in (400, 404, 414), answer.text
    assert await stored("paris", "hq") == before


async def test_a_token_is_good_in_its_own_shop_alone(shops, stored):
    before = await stored("paris", "hq")
    for own, other in PAIRS:
        token = {"Authorization": shops[other].customer.headers["Authorization"]}
        for headers in (token, bearer("x")):
            stranger = Shopper(shops[own].guest.http, shops[own].guest.headers | headers)
            for method, path, body in acts(shops[own].ids):
                assert (await stranger.send(method, path, body)).status_code == 401, (method, path)
            for method, path in NAMELESS:
                body = {"email": "a@example.com"} if method == "POST" else None
                assert (await stranger.send(method, path, body)).status_code == 401, (method, path)
    assert await stored("paris", "hq") == before


async def test_without_one_shop_there_is_nothing(shops, stored):
    """An unknown host is nobody's, and two signals that disagree are none."""
    before = await stored("paris", "hq")
    for own, other in PAIRS:
        headers = shops[own].guest.headers
        nobody = Shopper(shops[own].customer.http, {"Host": "nobody.impactnutrition.com"})
        torn = Shopper(shops[own].customer.http, headers | {"X-Tenant-ID": other})
        for method, path, body in acts(shops[own].ids):
            assert await nobody.refused(method, path, body) == (404, "SHOP_UNKNOWN")
            assert (await torn.send(method, path, body)).status_code == 400
    assert await stored("paris", "hq") == before


@pytest.mark.parametrize("body", [name for name in BODIES if "MB" not in name])
async def test_a_bad_body_is_refused(shops, stored, body):
    content, status = BODIES[body]
    before = await stored("paris", "hq")
    shop = shops["hq"]
    for method, path in ACTS:
        visitor = shop.customer if any(part in path for part in OWN) else shop.guest
        if ACTS[method, path] is None:
            continue
        _, url, _ = act(method, path, shop.ids)
        headers = visitor.headers | JSON
        answer = await visitor.http.request(method, url, content=content, headers=headers)
        refused(answer, status)
    assert await stored("paris", "hq") == before


# As Medusa's storefront sends them, and as nobody should.
CARELESS = [
    "*items, *region, *items.product, *items.variant, *items.thumbnail, *items.metadata,"
    " +items.total, *promotions, +shipping_methods.name",
    *("", ",", " , ,,", "+", "-", "*", "**", "+tags,", "-nothing", "*nothing.*", "+items.nothing"),
    *("id,,", "nothing", "id,region_id", "items.nothing.at", "-id", "*id", "items.*", "__proto__"),
    *("é", "$where", "items[0].id", "'; --", "id id", ".", "..", "items.", ".id", "+-*id"),
]


@pytest.mark.parametrize("tenant", ["paris", "hq"])
async def test_careless_fields_are_no_error_and_show_no_more(shops, tenant):
    shop = shops[tenant]
    reads = {
        f"/store/carts/{shop.ids['cart_id']}": shop.guest,
        f"/store/orders/{shop.ids['order_id']}": shop.guest,
        f"/store/orders?id={shop.ids['own_order_id']}": shop.customer,
        f"/store/shipping-options?cart_id={shop.ids['cart_id']}": shop.guest,
        "/store/customers/me": shop.customer,
        f"/store/customers/me/addresses/{shop.ids['address_id']}": shop.customer,
    }
    for path, visitor in reads.items():
        sign = "&" if "?" in path else "?"
        whole = document(await visitor.send("GET", path))
        for fields in CARELESS:
            part = document(await visitor.send("GET", f"{path}{sign}fields={quote(fields)}"))
            assert part["id"] == whole["id"]
            assert part.keys() <= whole.keys(), fields


def document(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    found = next(iter(answer.json().values()))
    one: dict[str, Any] = found[0] if isinstance(found, list) else found
    return one
