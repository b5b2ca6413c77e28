"""What Stripe is told to charge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.commerce.payments.amounts import stripe_amount
from services.values.money import CURRENCIES


@pytest.mark.parametrize(
    ("currency", "minor", "charged"),
    [
        ("EUR", 1050, 1050),
        ("JPY", 500, 500),
        ("TND", 1230, 1230),
        ("TND", 1234, None),
        ("ISK", 5, 500),
        ("UGX", 5, 500),
        ("MGA", 500, 5),
        ("MGA", 550, None),
    ],
)
def test_an_amount_is_charged_as_stripe_counts_it_or_not_at_all(currency, minor, charged):
    assert stripe_amount(minor, CURRENCIES[currency], currency) == charged


@given(st.sampled_from(sorted(CURRENCIES)), st.integers(1, 10**12))
def test_two_amounts_of_a_currency_are_never_charged_alike(currency, minor):
    digits = CURRENCIES[currency]
    charged = stripe_amount(minor, digits, currency)

    assert charged is None or charged != stripe_amount(minor + 1, digits, currency)
