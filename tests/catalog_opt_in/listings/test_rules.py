"""The document of a listing, and whether it is shown."""

import json

from hypothesis import given
from hypothesis import strategies as st

from services.catalog_opt_in import offer_document
from services.catalog_opt_in.listings import documents, rules

CURRENCIES = st.sampled_from(["EUR", "TND", "JPY"])
AMOUNTS = st.integers(min_value=1, max_value=2**63 - 1)


@st.composite
def offers(draw):
    values = [
        {"id": f"optval_{n}", "value": f"Flavour {n}"} for n in range(draw(st.integers(1, 4)))
    ]
    variants = [
        {
            "id": f"variant_{n}",
            "title": value["value"],
            "sku": None,
            "barcode": "",
            "weight_grams": 0,
            "choices": {"opt_1": value["id"]},
            "prices": draw(st.dictionaries(CURRENCIES, AMOUNTS)),
        }
        for n, value in enumerate(values)
    ]
    stored = {
        "id": "prod_1",
        "title": draw(st.text(min_size=1)),
        "subtitle": "",
        "description": "",
        "handle": "whey",
        "status": "PUBLISHED",
        "thumbnail": "",
        "images": [],
        "collection": None,
        "type": None,
        "tags": [],
        "categories": [],
        "options": [{"id": "opt_1", "title": "Flavour", "values": values}],
        "variants": variants,
        "created_at": "2026-01-01T00:00:00.000Z",
    }
    return offer_document.parse(json.dumps(stored))


OWN = st.dictionaries(st.sampled_from(["variant_0", "variant_1", "variant_9"]), AMOUNTS)


def rendered(offer, own, currency):
    whole = documents.render(offer, own=own, currency=currency) + b"}"
    return json.loads(whole, parse_float=str, parse_int=str)


@given(offers(), OWN, CURRENCIES)
def test_a_variant_is_shown_exactly_when_it_has_a_price_in_the_currency(offer, own, currency):
    variant_ids = {variant["id"] for variant in rendered(offer, own, currency)["variants"]}

    assert variant_ids == {
        variant["id"]
        for variant in offer["variants"]
        if variant["id"] in own or currency in variant["prices"]
    }


@given(offers(), OWN, CURRENCIES)
def test_a_tenants_own_price_takes_precedence(offer, own, currency):
    costs = rules.costs(offer, own, currency)

    assert all(costs[variant].amount == own[variant] for variant in own if variant in costs)


@given(offers(), OWN, CURRENCIES)
def test_a_price_is_written_exactly_as_it_is_stored(offer, own, currency):
    digits = {"EUR": 2, "TND": 3, "JPY": 0}[currency]

    for variant in rendered(offer, own, currency)["variants"]:
        whole, _, fraction = variant["calculated_price"]["calculated_amount"].partition(".")
        minor = int(whole + fraction.ljust(digits, "0"))
        assert minor == rules.costs(offer, own, currency)[variant["id"]].amount
        assert minor > 0


@given(offers(), OWN, CURRENCIES)
def test_every_choice_that_is_offered_leads_to_a_variant(offer, own, currency):
    document = rendered(offer, own, currency)

    offered = {value["id"] for option in document["options"] for value in option["values"]}
    bought = {option["id"] for variant in document["variants"] for option in variant["options"]}
    assert offered == bought


@given(
    st.sampled_from(["LIVE", "HIDDEN"]), st.sampled_from(["PUBLISHED", "REJECTED"]), st.booleans()
)
def test_a_listing_is_visible_only_if_live_published_and_priced(state, status, priced):
    reasons = rules.reasons_not_shown(state=state, product_status=status, priced=priced)

    assert (not reasons) == (state == "LIVE" and status == "PUBLISHED" and priced)


def test_the_reason_that_the_tenant_can_remove_comes_first():
    reasons = rules.reasons_not_shown(state="HIDDEN", product_status="REJECTED", priced=False)

    assert reasons == ["LISTING_HIDDEN", "PRODUCT_NOT_PUBLISHED", "PRICE_MISSING"]


@given(offers())
def test_a_price_has_the_fields_that_medusas_storefront_reads(offer):
    for variant in rendered(offer, {}, "EUR")["variants"]:
        price = variant["calculated_price"]
        assert price["original_amount"] == price["calculated_amount"]
        assert price["currency_code"] == "eur"
        assert price["calculated_price"]["price_list_type"] is None
