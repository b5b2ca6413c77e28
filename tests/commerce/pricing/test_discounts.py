"""What promotions take off lines and shipping methods."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.commerce.pricing.discounts import apply_promotions
from services.commerce.pricing.open_lines import Target
from services.commerce.pricing.promotions import Budget, BudgetType, Campaign
from services.commerce.pricing.totals import cart_totals
from tests.commerce.pricing.builders import lines
from tests.commerce.pricing.promotion_builders import cart, promotion, promotions, target, where


def discounted(applied, targets, methods=()):
    found = apply_promotions(applied, cart(), targets, methods)
    return cart_totals(found.items, found.shipping_methods)


def saved(applied, *targets, methods=()):
    totals = discounted(applied, targets, methods)
    return [line.discount_subtotal for line in (*totals.items, *totals.shipping_methods)]


def test_a_percentage_of_each_line_is_taken_of_so_many_units():
    assert saved([promotion(10, allocation="each", max_quantity=2)], target(1000, 5)) == [200]
    assert saved([promotion(10, allocation="each", max_quantity=9)], target(1000, 5)) == [500]


def test_an_amount_is_taken_off_so_many_units_of_each_line():
    off = promotion(150, allocation="each", fixed=True, max_quantity=2)

    assert saved([off], target(1000, 5), target(100, 1, name="b")) == [300, 100]


def test_an_amount_across_is_divided_in_proportion_and_nothing_is_lost():
    off = promotion(1000, fixed=True)

    assert saved([off], *(target(333, name=name) for name in "cab")) == [333, 333, 333]
    assert saved([off], *(target(1000, name=name) for name in "cab")) == [333, 334, 333]


def test_a_percentage_across_is_rounded_once():
    assert saved([promotion(10)], *(target(15, name=name) for name in "abc")) == [2, 2, 1]


def test_once_takes_the_cheapest_units_of_the_cart():
    off = promotion(100, allocation="once", max_quantity=3)

    assert saved([off], target(900, 4, name="a"), target(500, 2, name="b")) == [900, 1000]


def test_a_percentage_of_a_price_with_tax_is_a_share_of_what_is_paid():
    totals = discounted([promotion(25)], [target(2390, 10, 20, incl=True)])

    assert (totals.total, totals.discount_total) == (17925, 5975)


@pytest.mark.parametrize("incl", [True, False])
@pytest.mark.parametrize("promotion_incl", [True, False])
def test_all_of_it_off_leaves_exactly_zero(incl, promotion_incl):
    targets = [target(39900, 1, 19, incl=incl, name="a"), target(276271, 2, 18, name="b")]

    totals = discounted([promotion(100, "order", incl=promotion_incl)], targets)

    assert (totals.total, totals.tax_total) == (0, 0)


@pytest.mark.parametrize(("incl", "total"), [(True, 4000), (False, 3900)])
def test_an_amount_is_taken_with_or_without_tax_as_the_promotion_says(incl, total):
    off = promotion(1000, fixed=True, incl=incl)

    assert discounted([off], [target(5000, 1, 10, incl=True)]).total == total


def test_each_promotion_works_on_what_the_others_left():
    applied = [promotion(5000, fixed=True, code="LESS"), promotion(20, code="SHARE")]

    assert discounted(applied, [target(10000)]).total == 3000


def test_an_adjustment_is_no_more_than_what_earlier_ones_left():
    applied = [promotion(60), promotion(900, allocation="each", fixed=True, code="LESS")]

    found = apply_promotions(applied, cart(), [target(1000)])

    assert [each.amount_minor for each in found.items[0].adjustments] == [600, 400]


def test_an_order_never_costs_less_than_nothing():
    applied = [promotion(50000, "order", fixed=True), promotion(100, allocation="each", code="B")]

    assert discounted(applied, [target(30000, 1, 20)]).total == 0


def test_a_second_free_shipping_finds_nothing_left():
    free = [promotion(100, "shipping_methods", "each", code=code, max_quantity=1) for code in "AB"]

    found = apply_promotions(free, cart(), [target(3800)], [target(700, name="post")])

    assert cart_totals(found.items, found.shipping_methods).total == 3800
    assert found.promotion_ids == ("a",)


def test_free_shipping_of_a_price_with_tax_leaves_nothing():
    free = promotion(100, "shipping_methods", "each", max_quantity=1)

    totals = discounted([free], [target(1000)], [target(595, 1, 21, incl=True, name="post")])

    assert (totals.shipping_total, totals.item_total) == (0, 1000)


def test_only_lines_that_are_discountable_and_meet_the_rules_are_discounted():
    off = promotion(10, target_rules=where("product", "in", "shirt"))
    targets = [
        target(1000, name="a", product="shirt"),
        target(1000, name="b", product="shoe"),
        target(1000, name="c", product="shirt", discountable=False),
    ]

    assert saved([off], *targets) == [100, 0, 0]


def test_adjustments_name_their_promotion():
    found = apply_promotions([promotion(10, code="SPRING")], cart(), [target(1000)])

    assert [(a.promotion_id, a.code) for a in found.items[0].adjustments] == [("spring", "SPRING")]


def test_a_promotion_that_takes_nothing_off_is_not_used():
    off = promotion(10, target_rules=where("product", "in", "shirt"))

    assert apply_promotions([off], cart(), [target(1000)]).promotion_ids == ()


def budget(kind, limit, used=0):
    return Campaign("summer", budget=Budget(BudgetType(kind), limit, used))


def test_a_promotion_that_would_exceed_the_budget_gives_nothing():
    within = promotion(10, campaign=budget("spend", 500, used=400))
    beyond = promotion(10, campaign=budget("spend", 500, used=401))

    assert saved([within], target(1000)) == [100]
    assert saved([beyond], target(1000)) == [0]


def test_promotions_of_one_campaign_share_its_budget():
    campaign = budget("usage", 5, used=4)
    applied = [
        promotion(20, code="A", campaign=campaign),
        promotion(10, code="B", campaign=campaign),
    ]

    assert saved(applied, target(1000)) == [200]


def test_a_budget_for_each_customer_counts_that_customer_alone():
    assert saved([promotion(10, campaign=budget("use_by_attribute", 1))], target(1000)) == [100]
    assert saved([promotion(10, campaign=budget("use_by_attribute", 1, 1))], target(1000)) == [0]


def as_targets(found):
    return [Target(each, {}) for each in found]


goods = lines(adjusted=False).map(as_targets)
shipping = lines(adjusted=False, prefix="method", quantity=st.just(1)).map(as_targets)


@given(promotions(), goods, shipping)
def test_promotions_take_as_much_as_lines_lose_and_never_more(applied, items, methods):
    found = apply_promotions(applied, cart(), items, methods)
    totals = cart_totals(found.items, found.shipping_methods)

    assert totals.total >= 0
    for line in (*totals.items, *totals.shipping_methods):
        assert line.total >= 0
        for part in line.adjustments:
            adjustment = part.adjustment
            taken = part.total if adjustment.is_tax_inclusive else part.subtotal
            assert taken == adjustment.amount_minor > 0


@given(promotions(), goods, shipping, st.randoms())
def test_no_order_of_lines_or_promotions_changes_a_discount(applied, items, methods, random):
    before = apply_promotions(applied, cart(), items, methods)

    for sequence in (applied, items, methods):
        random.shuffle(sequence)
    after = apply_promotions(applied, cart(), items, methods)

    assert set(after.items) == set(before.items)
    assert set(after.shipping_methods) == set(before.shipping_methods)
    assert after.promotion_ids == before.promotion_ids
