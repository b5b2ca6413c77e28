"""What an event records of a change: every part that differs, within bounds."""

import hashlib
import json
import random

import pytest
from google.protobuf import json_format
from souk.catalog_opt_in.v1 import product_pb2
from souk.tenant_registry.v1 import tenant_pb2

from services.kernel.evidence import sealed_form
from services.kernel.evidence.changes import LONGEST_VALUE, changes


def product(number=40):
    """A product whose variants take more than a value's limit together."""
    made = product_pb2.Product(title="Whey")
    for place in range(number):
        variant = made.variants.add(id=f"variant_{place:02}", title=f"Flavour {place}" * 10)
        variant.prices.add(currency_code="EUR", units=5)
    return made


def tenant(**fields):
    settings = fields.pop("settings", {})
    made = tenant_pb2.Tenant(**fields)
    json_format.ParseDict(settings, made.settings)
    return made


def recorded(before, after):
    return {one["field"]: (one["before"], one["after"]) for one in changes(before, after)}


def parsed(sides):
    return tuple(json.loads(side) if side else None for side in sides)


def test_a_short_field_is_recorded_whole():
    before, after = product(2), product(2)
    after.variants[1].prices[0].units = 6

    [(field, sides)] = recorded(before, after).items()

    assert field == "variants"
    assert [len(side) for side in parsed(sides)] == [2, 2]


def test_the_price_of_the_last_of_many_variants_is_recorded():
    before, after = product(), product()
    after.variants[39].prices[0].units = 0
    after.variants[39].prices[0].nanos = 10_000_000

    [(field, sides)] = recorded(before, after).items()

    assert field == "variants[39]"
    old, new = parsed(sides)
    assert old["prices"] == [{"currency_code": "EUR", "units": "5"}]
    assert new["prices"] == [{"currency_code": "EUR", "nanos": 10_000_000}]


def test_a_variant_that_is_added_or_removed_is_recorded_alone():
    before, after = product(), product()
    del after.variants[3]
    after.variants.insert(0, product_pb2.Variant(id="variant_new"))

    found = recorded(before, after)

    assert parsed(found["variants[0]"]) == (None, {"id": "variant_new"})
    assert parsed(found["variants[3]"])[0]["id"] == "variant_03"
    assert found["variants[3]"][1] == ""
    assert len(found) == 2


def test_a_new_order_is_recorded():
    before, after = product(), product()
    after.variants.reverse()

    found = recorded(before, after)

    assert [parsed(found[f"variants[{n}]"])[1]["id"] for n in (0, 39)] == [
        "variant_39",
        "variant_00",
    ]


def test_an_origin_after_many_others_is_recorded():
    origins = [f"https://shop-{n}.{'a' * 240}.example" for n in range(20)]
    before = tenant(cors_origins=origins)
    after = tenant(cors_origins=[*origins[:19], "https://new.example"])

    assert recorded(before, after) == {
        "cors_origins[19]": (json.dumps(origins[19]), '"https://new.example"')
    }


def test_an_origin_taken_from_among_others_is_recorded_alone():
    origins = [f"https://shop-{n}.{'a' * 240}.example" for n in range(20)]

    found = recorded(tenant(cors_origins=origins), tenant(cors_origins=origins[:7] + origins[8:]))

    assert found == {"cors_origins[7]": (json.dumps(origins[7]), "")}


def test_a_setting_deep_in_many_is_recorded():
    settings = {f"k{n}": "x" * 100 for n in range(80)}
    before = tenant(settings=settings | {"zz": {"theme": "y" * 4100, "a b": [{"c": True}]}})
    after = tenant(settings=settings | {"zz": {"theme": "y" * 4100, "a b": [{"c": 1}]}})

    assert recorded(before, after) == {'settings.zz["a b"]': ('[{"c": true}]', '[{"c": 1.0}]')}


def test_true_is_another_value_than_one():
    assert recorded(tenant(settings={"a": True}), tenant(settings={"a": 1})) == {
        "settings": ('{"a": true}', '{"a": 1.0}')
    }


@pytest.mark.parametrize("place", [0, 50, 4_000, 5_000, 9_999])
def test_a_long_text_is_cut_to_where_it_differs_and_its_hash_is_kept(place):
    old = "é" * 10_000
    new = old[:place] + "Z" + old[place + 1 :]

    [change] = changes(product_pb2.Product(description=old), product_pb2.Product(description=new))

    assert "Z" in change["after"]
    assert len(change["after"]) <= LONGEST_VALUE + 2
    assert change["after"].count("…") + change["before"].count("…") >= 2
    whole = json.dumps(new, ensure_ascii=False).encode()
    assert change["after_sha256"] == hashlib.sha256(whole).hexdigest()
    assert change["before_sha256"] != change["after_sha256"]


def test_only_the_side_that_is_cut_has_a_hash():
    [change] = changes(
        product_pb2.Product(description="short"), product_pb2.Product(description="x" * 9_000)
    )

    assert change["before"] == '"short"'
    assert "after_sha256" in change
    assert "before_sha256" not in change


@pytest.mark.parametrize("is_new", [True, False])
def test_a_large_resource_that_comes_or_goes_is_recorded_in_parts(is_new):
    found = recorded(None, product()) if is_new else recorded(product(), None)

    variants = [parsed(sides)[is_new] for field, sides in found.items() if "variants[" in field]
    assert [variant["id"] for variant in variants] == [f"variant_{n:02}" for n in range(40)]


def test_parts_of_personal_data_are_personal(monkeypatch):
    monkeypatch.setattr(
        "services.kernel.call.sensitivity.personal_fields", lambda _: frozenset({"variants"})
    )
    before, after = product(), product()
    after.title, after.variants[7].sku = "Other", "SKU"

    assert {one["field"]: one["personal"] for one in changes(before, after)} == {
        "title": False,
        "variants[7]": True,
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, product(4_000)),
        (product(200), None),
        (tenant(settings={"a": [0] * 9_000}), tenant(settings={"a": [1] * 9_000})),
        (None, tenant(settings={"€" * 5_000 + str(n): "\x01" * 5_000 for n in range(20)})),
        (None, tenant(settings={f"k{n}": "😀" * 5_000 for n in range(400)})),
        (None, tenant(settings={f"{n}{'k' * 900}": {"x": "y" * 5_000} for n in range(400)})),
    ],
    ids=["many", "gone", "long list", "long keys", "much text", "long paths"],
)
def test_an_event_stays_within_what_the_audit_service_takes(before, after):
    found = changes(before, after)

    payload = sealed_form_payload(found)
    assert 0 < len(found) <= 500
    assert len(payload) <= sealed_form.LONGEST_PAYLOAD
    salt = b"s" * sealed_form.SALT_BYTES
    commitment = hashlib.sha256(salt + payload).hexdigest()
    assert sealed_form.payload_flaw(payload, salt, commitment) == ""


def sealed_form_payload(found):
    content = {"address": "", "changes": found, "user_agent": ""}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode()


@pytest.mark.parametrize("seed", range(20))
def test_whatever_changes_in_a_large_resource_is_seen_in_its_event(seed):
    """Each recorded part differs in itself, or in its hash, and all together make the change."""
    chance = random.Random(seed)
    old = random_json(chance, depth=4)
    new = changed(old, chance)
    assert old != new

    found = changes(tenant(settings={"all": old}), tenant(settings={"all": new}))

    assert found
    for one in found:
        assert one["before"] != one["after"] or one["before_sha256"] != one["after_sha256"]


def random_json(chance, *, depth):
    if depth == 0:
        return chance.choice([True, None, 7.5, "x" * chance.randrange(6_000)])
    if chance.random() < 0.5:
        return [random_json(chance, depth=depth - 1) for _ in range(chance.randint(1, 6))]
    return {f"k{n}": random_json(chance, depth=depth - 1) for n in range(chance.randint(1, 6))}


def changed(value, chance):
    """A copy in which one thing is another one."""
    if isinstance(value, dict):
        key = chance.choice(list(value))
        return value | {key: changed(value[key], chance)}
    if isinstance(value, list):
        place = chance.randrange(len(value))
        return [*value[:place], changed(value[place], chance), *value[place + 1 :]]
    return f"{value}!"
