"""Parts of objects, $and and $or in query strings."""

import pytest

from gateway.medusa.filters import Filter, Many, One, Unused, amounts, times
from gateway.medusa.query import Query
from services.kernel.call.errors import InvalidArgument

VARIANTS: dict[str, Filter] = {
    "id": Many(200),
    "title": Many(9, have_commas=True),
    "variants.sku": Many(9),
    "variants.options.value": One(),
    **times("created_at"),
    **amounts("price"),
}
SHOWN = Query(filters={**VARIANTS, "cart_id": Unused()}, in_conditions=VARIANTS)


def refusal(raw, query=SHOWN):
    with pytest.raises(InvalidArgument) as refused:
        query.parse(raw)
    assert refused.value.reason == "QUERY_INVALID"
    (key,) = refused.value.violations
    return key


@pytest.mark.parametrize(
    "raw",
    [
        b"variants.sku[]=A&variants.sku[]=B",
        b"variants[sku]=A,B",
        b"variants[sku][0]=A&variants%5Bsku%5D%5B1%5D=B",
        b"variants[sku][$in][]=A&variants.sku=B",
    ],
)
def test_a_part_of_an_object_has_many_spellings(raw):
    parsed = SHOWN.parse(raw)

    assert parsed.many("variants.sku") == ["A", "B"]
    assert parsed.meaning == SHOWN.parse(b"variants.sku=B,A").meaning


@pytest.mark.parametrize(
    "raw",
    [b"variants.options[value]=x", b"variants[options][value]=x", b"variants[options.value]=x"],
)
def test_a_part_of_a_part_is_read(raw):
    assert SHOWN.parse(raw).one("variants.options.value") == "x"


def test_a_title_may_have_commas():
    assert SHOWN.parse(b"title[]=a,b&title[]=c").many("title") == ["a,b", "c"]


def test_conditions_hold_filters_of_which_one_must_hold():
    parsed = SHOWN.parse(
        b"$and[0][id][0]=a&$and[0][id][1]=b&$and[1][$or][0][title]=c&$and[1][$or][1][price][$gt]=2"
        b"&$or[0][id]=d&$or[0][variants][sku]=e&$or[1][created_at][$lt]=2026-01-02T03:04:05Z"
    )

    conditions = [[dict(choice.meaning) for choice in condition] for condition in parsed.conditions]
    assert conditions == [
        [
            {"id": ("d",), "variants.sku": ("e",)},
            {"created_at[$lt]": ("2026-01-02T03:04:05+00:00",)},
        ],
        [{"id": ("a", "b")}],
        [{"title": ("c",)}, {"price[$gt]": ("2",)}],
    ]


def test_two_spellings_of_conditions_mean_the_same_and_others_do_not():
    meanings = [
        SHOWN.parse(raw).meaning
        for raw in (
            b"$or[0][id]=a&$or[1][id]=b&price=1&cart_id=cart_1",
            b"price=1.0&%24or%5B5%5D%5Bid%5D=b&$or[7][id][]=a",
            b"$and[0][$or][1][id]=a&$and[0][$or][0][id]=b&price=1.00&cart_id=cart_2",
            b"$or[0][id]=a&$or[1][id]=b&price=2",
            b"$and[0][id]=a&$and[1][id]=b&price=1",
            b"id=a,b&price=1",
        )
    ]

    assert meanings[0] == meanings[1] == meanings[2]
    assert len({*meanings[2:]}) == 4


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        (b"$or[0][limit]=1", "limit"),
        (b"$or[0][cart_id]=a", "cart_id"),
        (b"$or[0][colour]=red", "colour"),
        (b"$or[0]=a", "$or[0]"),
        (b"$or[id]=a", "$or[id]"),
        (b"$not[0][id]=a", "$not[0][id]"),
        (b"$or[0][$and][0][id]=a", "$and[0][id]"),
        (b"$and[0][$or][0][$or][0][id]=a", "$or[0][id]"),
        (b"$and[0][$and][0][id]=a", "$and[0][id]"),
        (b"&".join(b"$or[%d][id]=a" % n for n in range(21)), "$and"),
        (b"&".join(b"$and[%d][id]=a" % n for n in range(21)), "$and"),
        (b"price=cheap", "price"),
        (b"price[$gt]=-1", "price[$gt]"),
        (b"price=1e3", "price"),
        (b"variants=a", "variants"),
        (b"variants[colour]=a", "variants[colour]"),
    ],
)
def test_a_condition_that_no_route_takes_is_refused_by_key(raw, key):
    assert refusal(raw) == key


def test_a_resource_without_conditions_takes_none():
    assert refusal(b"$or[0][id]=a", Query(filters=VARIANTS)) == "$or[0][id]"
