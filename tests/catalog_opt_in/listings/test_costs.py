"""What price lists make of a price."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.catalog_opt_in.listings.costs import OVERRIDE, SALE, Cost, ListPrice, cost, tiers
from services.catalog_opt_in.price_lists.rules import applies, next_turn

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
QUANTITIES = st.integers(0, 12)


def price(kind, amount, **more):
    return ListPrice("variant", f"plist-{amount}", kind, "EUR", amount, **more)


PRICES = st.lists(
    st.builds(
        price,
        st.sampled_from([SALE, OVERRIDE]),
        st.integers(1, 100),
        least=QUANTITIES,
        most=QUANTITIES,
        is_for_group=st.booleans(),
    ),
    max_size=6,
)
PLAIN = st.one_of(st.none(), st.integers(1, 100))
BY_QUANTITY = st.lists(st.tuples(QUANTITIES, QUANTITIES, st.integers(1, 100)), max_size=3)


@given(PLAIN, PRICES, st.integers(1, 20))
def test_a_sale_only_lowers_and_needs_a_price_to_lower(plain, prices, quantity):
    found = cost(plain, prices, quantity)

    overrides = [p.amount for p in prices if p.kind == OVERRIDE and p.holds_for(quantity)]
    if found is None:
        assert plain is None
        assert not overrides
    else:
        assert found.original in (overrides or [plain])
        assert found.amount <= found.original
        assert (found.amount < found.original) == (found.by != found.original_by)


@given(PLAIN, BY_QUANTITY, PRICES, st.integers(1, 20))
def test_each_quantity_is_in_the_tier_that_says_what_it_costs(plain, by_quantity, prices, quantity):
    found = tiers(plain, by_quantity, prices)

    fitting = [
        amount
        for least, most, amount in by_quantity
        if least <= quantity and (not most or quantity <= most)
    ]
    expected = cost(min(fitting, default=plain), prices, quantity)
    holding = [
        tier.cost
        for tier in found
        if tier.least <= quantity and (not tier.most or quantity <= tier.most)
    ]
    if found:
        assert holding == [expected] if expected else holding == []
    else:
        assert expected == cost(plain, prices, 1) or expected is None


def test_prices_without_quantities_have_no_tiers():
    assert tiers(100, [], [price(SALE, 90), price(SALE, 80, least=1)]) == []


def test_a_groups_override_counts_before_a_lower_one_for_all():
    for_all, for_group = price(OVERRIDE, 50), price(OVERRIDE, 60, is_for_group=True)

    assert cost(100, [for_all, for_group]) == Cost(60, 60, for_group, for_group)


def test_a_list_is_in_force_from_its_start_until_before_its_end():
    for start, end, is_in_force in (
        (None, None, True),
        (NOW, None, True),
        (NOW + HOUR, None, False),
        (None, NOW, False),
        (NOW - HOUR, NOW + HOUR, True),
    ):
        assert applies("ACTIVE", start, end, NOW) is is_in_force
        assert not applies("DRAFT", start, end, NOW)


def test_a_list_turns_at_the_next_of_its_times():
    assert next_turn("ACTIVE", NOW + HOUR, NOW + 2 * HOUR, NOW) == NOW + HOUR
    assert next_turn("ACTIVE", NOW, NOW + 2 * HOUR, NOW) == NOW + 2 * HOUR
    assert next_turn("ACTIVE", NOW - HOUR, NOW, NOW) is None
    assert next_turn("DRAFT", NOW + HOUR, None, NOW) is None
