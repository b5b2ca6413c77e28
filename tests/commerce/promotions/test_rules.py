"""How codes are compared, and what an order uses up."""

from hypothesis import given
from hypothesis import strategies as st

from services.commerce.pricing.promotions import Budget, BudgetType, Campaign
from services.commerce.promotions.rules import CUSTOMER_EMAIL, Use, code_key, holder_of, uses
from tests.commerce.pricing.promotion_builders import promotion

HERS = {CUSTOMER_EMAIL: "a@example.com"}


@given(st.text("aZéÉßœŒñ5-_ Ωά"))
def test_a_code_is_the_same_in_both_cases_and_with_space_around_it(code):
    assert code_key(code.upper()) == code_key(f" {code}\t") == code_key(code)


@given(st.characters())
def test_the_key_of_a_key_is_the_key(character):
    key = code_key(character)

    assert code_key(key) == key


def test_a_code_too_long_to_be_one_takes_no_time():
    assert len(code_key("ﷺ" * 1_000_000)) < 10_000


def test_promotions_by_code_count_orders_and_budgets_what_they_count():
    spend = Campaign("c2", budget=Budget(BudgetType.SPEND, 500, 0, "EUR"))
    usage = Campaign("c1", budget=Budget(BudgetType.USAGE, None, 0))
    found = [
        promotion(10, code="B", automatic=False, limit=3, campaign=spend),
        promotion(10, code="A", automatic=False, campaign=spend),
        promotion(10, code="AUTO", campaign=usage),
        promotion(10, code="UNUSED", automatic=False),
    ]

    assert uses(found, {"a": 30, "b": 40, "auto": 50}, {}) == [
        Use("a", "", 1),
        Use("b", "", 1, 3),
        Use("c1", "", 1),
        Use("c2", "", 70, 500),
    ]


def test_a_budget_by_attribute_is_counted_for_each_value_by_itself():
    by_email = Budget(BudgetType.USE_BY_ATTRIBUTE, 1, 0, attribute=CUSTOMER_EMAIL)
    hers, his = holder_of(by_email, HERS), holder_of(by_email, {CUSTOMER_EMAIL: "b@example.com"})

    assert hers != his
    assert "@" not in f"{hers}{his}"
    assert holder_of(by_email, {CUSTOMER_EMAIL: ""}) is None
    assert holder_of(Budget(BudgetType.USAGE, 1, 0), HERS) == ""
