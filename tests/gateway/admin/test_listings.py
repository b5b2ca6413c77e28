"""Opt-ins over HTTP: made, priced, hidden and withdrawn by their own tenant."""

import asyncio

import pytest

from tests.gateway.admin.answers import one, page, pages, refused

PARIS, LYON = "/admin/tenants/paris/products", "/admin/tenants/lyon/products"


async def test_the_seeded_tenants_list_their_own_opt_ins(admin):
    paris = await pages(admin, PARIS, "products")
    lyon = await pages(admin, LYON, "products")

    assert len(paris) >= 26
    assert {listing["tenant_id"] for listing in paris} == {"paris"}
    assert {listing["tenant_id"] for listing in lyon} == {"lyon"}
    hidden = next(one for one in paris if one["handle"] == "t-shirt-impact")
    assert (hidden["state"], hidden["visible"]) == ("hidden", False)
    assert hidden["reasons"] == ["LISTING_HIDDEN"]


async def test_hidden_ones_are_found_by_their_state(admin):
    hidden = await pages(admin, f"{PARIS}?state=hidden", "products")

    assert "t-shirt-impact" in {listing["handle"] for listing in hidden}
    assert {listing["state"] for listing in hidden} == {"hidden"}


async def test_an_opt_in_is_one_tenants_with_its_own_price(admin, http, make_product):
    made = await make_product()
    variant = made["variants"][0]["id"]
    body = {"product_id": made["id"], "prices": [{"variant_id": variant, "amount": 49.9}]}

    answer = await admin.post(PARIS, json=body)

    listing = one(answer, "product")
    assert answer.headers["etag"] == listing["etag"]
    assert (listing["id"], listing["tenant_id"]) == (made["id"], "paris")
    assert (listing["state"], listing["visible"], listing["reasons"]) == ("live", True, [])
    assert listing["prices"] == [{"variant_id": variant, "amount": 49.9, "currency_code": "eur"}]
    assert one(await admin.get(f"{PARIS}/{made['id']}"), "product") == listing
    refused(await admin.get(f"{LYON}/{made['id']}"), 404, "LISTING_NOT_FOUND")
    prices = [
        await price(http, host, made)
        for host in ("paris.impactnutrition.com", "impactnutrition.com.tn")
    ]
    assert prices == [(49.9, "eur"), (189.905, "tnd")]


async def price(http, host, product):
    answer = await http.get(f"/store/products/{product['id']}", headers={"Host": host})
    calculated = answer.json()["product"]["variants"][0]["calculated_price"]
    return calculated["calculated_amount"], calculated["currency_code"]


async def test_opting_in_twice_is_told(admin, make_product):
    made = await make_product()
    answers = await asyncio.gather(
        *(admin.post(PARIS, json={"product_id": made["id"]}) for _ in range(4))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 409, "LISTING_EXISTS")


async def test_the_same_key_opts_in_once_and_is_each_tenants_own(admin, make_product, unique):
    made = await make_product()
    key, body = {"Idempotency-Key": unique}, {"product_id": made["id"]}
    first = one(await admin.post(PARIS, json=body, headers=key), "product")

    again = one(await admin.post(PARIS, json=body, headers=key), "product")
    other = await admin.post(PARIS, json={**body, "state": "hidden"}, headers=key)
    elsewhere = one(await admin.post(LYON, json=body, headers=key), "product")

    assert again == first
    refused(other, 400, "REQUEST_ID_REUSED")
    assert elsewhere["tenant_id"] == "lyon"


async def test_a_change_is_one_tenants(admin, make_product):
    made = await make_product()
    for path in (PARIS, LYON):
        await admin.post(path, json={"product_id": made["id"]})
    lyon = one(await admin.get(f"{LYON}/{made['id']}"), "product")

    changed = one(await admin.patch(f"{PARIS}/{made['id']}", json={"state": "hidden"}), "product")

    assert (changed["state"], changed["visible"]) == ("hidden", False)
    assert one(await admin.get(f"{LYON}/{made['id']}"), "product") == lyon


async def test_null_takes_the_own_prices_back(admin, make_product):
    made = await make_product()
    own = [{"variant_id": made["variants"][0]["id"], "amount": 1, "currency_code": "eur"}]
    await admin.post(PARIS, json={"product_id": made["id"], "prices": own})

    changed = one(await admin.patch(f"{PARIS}/{made['id']}", json={"prices": None}), "product")

    assert changed["prices"] == []


async def test_a_stale_etag_changes_nothing(admin, make_product):
    made = await make_product()
    listing = one(await admin.post(PARIS, json={"product_id": made["id"]}), "product")
    path, stale = f"{PARIS}/{made['id']}", {"If-Match": listing["etag"]}
    fresh = one(await admin.patch(path, json={"state": "hidden"}, headers=stale), "product")

    answer = await admin.patch(path, json={"state": "live"}, headers=stale)

    refused(answer, 409, "ETAG_MISMATCH")
    refused(await admin.delete(path, headers=stale), 409, "ETAG_MISMATCH")
    assert one(await admin.get(path), "product") == fresh


async def test_opting_out_is_one_tenants(admin, make_product):
    made = await make_product()
    for path in (PARIS, LYON):
        await admin.post(path, json={"product_id": made["id"]})

    gone = await admin.delete(f"{PARIS}/{made['id']}")

    parent = {"id": "paris", "object": "tenant"}
    assert gone.json() == {
        "id": made["id"],
        "object": "tenant_product",
        "deleted": True,
        "parent": parent,
    }
    refused(await admin.get(f"{PARIS}/{made['id']}"), 404, "LISTING_NOT_FOUND")
    refused(await admin.delete(f"{PARIS}/{made['id']}"), 404, "LISTING_NOT_FOUND")
    assert one(await admin.get(f"{LYON}/{made['id']}"), "product")["visible"]


async def test_a_product_that_is_not_published_cannot_be_opted_in_to(admin, make_product):
    made = await make_product(status="draft")

    for path in (PARIS, LYON):
        answer = await admin.post(path, json={"product_id": made["id"]})
        refused(answer, 409, "PRODUCT_NOT_PUBLISHED")


async def test_a_product_without_a_price_in_the_currency_is_not_shown(admin, make_product):
    prices = [{"amount": 10, "currency_code": "tnd"}]
    made = await make_product(
        options=[{"title": "T", "values": ["1"]}],
        variants=[{"options": {"T": "1"}, "prices": prices}],
    )

    listing = one(await admin.post(PARIS, json={"product_id": made["id"]}), "product")

    assert (listing["visible"], listing["reasons"]) == (False, ["PRICE_MISSING"])
    assert one(await admin.get(f"/admin/tenants/hq/products/{made['id']}"), "product")["visible"]


def own(variant, **price):
    return {"prices": [{"variant_id": variant, "amount": 5, **price}]}


@pytest.mark.parametrize(
    "price",
    [
        {"amount": 0},
        {"amount": -5},
        {"amount": 5.001},
        {"amount": "5"},
        {"amount": 1e300},
        {"currency_code": "tnd"},
        {"currency_code": "xxx"},
        {"currency_code": ""},
        {"variant_id": "variant_of_another"},
        {"variant_id": ""},
        {"surprise": 1},
    ],
    ids=str,
)
async def test_a_flawed_price_is_refused_and_nobody_opted_in(admin, make_product, price):
    made = await make_product()
    body = {"product_id": made["id"], **own(made["variants"][0]["id"], **price)}

    refused(await admin.post(PARIS, json=body), 400)

    refused(await admin.get(f"{PARIS}/{made['id']}"), 404, "LISTING_NOT_FOUND")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"product_id": None},
        {"product_id": ""},
        {"product_id": "a/b"},
        {"product_id": "tenants/paris"},
        {"product_id": "nul\x00"},
        {"product_id": "prod_1", "state": "sold"},
        {"product_id": "prod_1", "visible": True},
        [],
        "prod_1",
        None,
    ],
    ids=str,
)
async def test_a_flawed_opt_in_is_refused(admin, body):
    for path in (PARIS, LYON):
        refused(await admin.post(path, json=body), 400)


async def test_a_product_that_is_not_there_is_not_found(admin):
    for path in (PARIS, LYON):
        refused(
            await admin.post(path, json={"product_id": "prod_nothing"}), 404, "PRODUCT_NOT_FOUND"
        )
        refused(await admin.get(f"{path}/prod_nothing"), 404, "LISTING_NOT_FOUND")
        refused(await admin.patch(f"{path}/prod_nothing", json={"state": "live"}), 404)


async def test_the_product_of_an_opt_in_never_changes(admin, make_product):
    first, second = await make_product(), await make_product()
    await admin.post(PARIS, json={"product_id": first["id"]})

    answer = await admin.patch(f"{PARIS}/{first['id']}", json={"product_id": second["id"]})

    refused(answer, 400)


@pytest.mark.parametrize("query", ["order=price", "state=sold", "limit=0", "surprise=1"])
async def test_a_flawed_query_is_refused(admin, query):
    for path in (PARIS, LYON):
        refused(await admin.get(f"{path}?{query}"), 400)


async def test_an_archived_tenant_changes_no_opt_in_but_can_give_one_up(
    admin, make_tenant, make_product
):
    made, other = await make_product(), await make_tenant()
    tenant = (await make_tenant())["id"]
    listings, body = f"/admin/tenants/{tenant}/products", {"product_id": made["id"]}
    one(await admin.post(listings, json=body), "product")
    await admin.delete(f"/admin/tenants/{tenant}")

    for answer in (
        await admin.post(listings, json={"product_id": "prod_x"}),
        await admin.patch(f"{listings}/{made['id']}", json={"state": "hidden"}),
    ):
        refused(answer, 409, "TENANT_ARCHIVED")

    (listing,) = page(await admin.get(listings), "products")
    assert listing["state"] == "live"
    assert (await admin.delete(f"{listings}/{made['id']}")).status_code == 200
    one(await admin.post(f"/admin/tenants/{other['id']}/products", json=body), "product")


async def test_a_batch_has_medusas_form(admin, make_product):
    new, changed, gone = [await make_product() for _ in range(3)]
    for path in (PARIS, LYON):
        for product in (changed, gone):
            one(await admin.post(path, json={"product_id": product["id"]}), "product")
    price = {"variant_id": changed["variants"][0]["id"], "amount": 12.5}

    answer = await admin.post(
        f"{PARIS}/batch",
        json={
            "create": [{"product_id": new["id"], "state": "hidden"}],
            "update": [{"id": changed["id"], "prices": [price]}],
            "delete": [gone["id"]],
        },
    )

    assert answer.status_code == 200, answer.text
    body = answer.json()
    [created], [updated] = body["created"], body["updated"]
    assert (created["id"], created["state"]) == (new["id"], "hidden")
    assert updated["prices"] == [price | {"currency_code": "eur"}]
    assert body["deleted"] == {"ids": [gone["id"]], "object": "tenant_product", "deleted": True}
    assert len(answer.headers["x-audit-event"].split(",")) == 3
    assert one(await admin.get(f"{PARIS}/{changed['id']}"), "product") == updated
    refused(await admin.get(f"{PARIS}/{gone['id']}"), 404, "LISTING_NOT_FOUND")
    assert one(await admin.get(f"{LYON}/{changed['id']}"), "product")["prices"] == []


async def test_a_bad_row_of_a_batch_is_named_in_the_callers_words(admin, make_product):
    made = await make_product()
    price = {"variant_id": "variant_none", "amount": 1}
    for path in (PARIS, LYON):
        one(await admin.post(path, json={"product_id": made["id"]}), "product")
        answer = await admin.post(
            f"{path}/batch",
            json={
                "create": [{"product_id": made["id"]}, {"product_id": "a/b"}],
            },
        )
        assert list(answer.json()["details"]["violations"]) == ["create[1].product_id"]
        answer = await admin.post(
            f"{path}/batch",
            json={"update": [{"id": made["id"], "prices": [price]}], "delete": ["none"]},
        )
        problem = answer.json()
        assert answer.status_code == 400
        assert problem["details"]["violations"] == {
            "update[0].prices[0].variant_id": "must be a variant of the product",
            "delete[0]": "is not opted in to",
        }
