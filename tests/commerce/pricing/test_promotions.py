"""Which promotions apply, and in which order."""

from datetime import timedelta
from itertools import permutations

import pytest

from services.commerce.pricing.promotions import Campaign, applies, in_stacking_order
from tests.commerce.pricing.promotion_builders import NOW, cart, promotion, where

DAY = timedelta(days=1)


def test_only_an_active_promotion_applies():
    assert applies(promotion(10), cart())
    assert not applies(promotion(10, status="draft"), cart())
    assert not applies(promotion(10, status="inactive"), cart())


def test_a_promotion_needs_its_code_unless_it_is_automatic():
    by_code = promotion(10, automatic=False, code="SPRING")

    assert applies(by_code, cart("SPRING", "OTHER"))
    assert not applies(by_code, cart("OTHER"))
    assert not applies(by_code, cart())


def test_an_amount_applies_in_its_own_currency_alone():
    assert applies(promotion(1000, fixed=True, currency="EUR"), cart(currency="EUR"))
    assert not applies(promotion(1000, fixed=True, currency="EUR"), cart(currency="USD"))
    assert not applies(promotion(1000, fixed=True, currency=None), cart(currency="EUR"))
    assert applies(promotion(10), cart(currency="USD"))


@pytest.mark.parametrize(
    ("starts", "ends", "running"),
    [(0, 1, True), (1, 2, False), (-1, 0, False), (None, None, True), (-1, None, True)],
)
def test_a_promotion_applies_from_the_start_of_its_campaign_until_before_its_end(
    starts, ends, running
):
    begin, end = (None if days is None else NOW + days * DAY for days in (starts, ends))

    assert applies(promotion(10, campaign=Campaign("c", begin, end)), cart()) is running


@pytest.mark.parametrize("automatic", [True, False])
def test_a_promotion_that_is_used_up_does_not_apply(automatic):
    assert applies(promotion(10, automatic=automatic, limit=3, used=2), cart("PROMO"))
    assert not applies(promotion(10, automatic=automatic, limit=3, used=3), cart("PROMO"))


def test_a_promotion_applies_where_all_its_rules_hold():
    members = promotion(10, rules=where("groups", "in", "members"))

    assert applies(members, cart(groups=("members", "friends")))
    assert not applies(members, cart(groups=()))


def test_promotions_are_stacked_in_one_order_however_they_come():
    expected = [
        promotion(50, get=1, buy=1, code="GET"),
        promotion(20, code="A"),
        promotion(20, code="B"),
        promotion(10, code="C"),
        promotion(9900, fixed=True, code="D"),
        promotion(500, fixed=True, code="E"),
    ]

    assert all(in_stacking_order(order) == expected for order in permutations(expected))
