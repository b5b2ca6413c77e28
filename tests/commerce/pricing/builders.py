"""Lines, rates and adjustments in few words, and hypothesis's strategies for them."""

from decimal import Decimal

from hypothesis import strategies as st

from services.commerce.pricing.lines import Adjustment, Line, TaxRate


def rate(percent, name="vat"):
    return TaxRate(name, name, name.upper(), Decimal(str(percent)))


def line(
    unit_price_minor, quantity=1, tax=0, *, incl=False, less=(), name="line", rates=None
) -> Line:
    rates = (rate(tax),) if rates is None else tuple(rates)
    return Line(name, unit_price_minor, quantity, incl, rates, tuple(less))


def less(amount_minor, *, incl=False, name="PROMO"):
    return Adjustment(amount_minor, incl, name.lower(), name)


percents = st.decimals(min_value=0, max_value=30, places=3)
rates = st.lists(percents, max_size=3).map(
    lambda found: tuple(rate(percent, f"rate-{n}") for n, percent in enumerate(found))
)
prices = st.integers(0, 10**8) | st.integers(0, 50)
quantities = st.integers(1, 2000)
adjustments = st.lists(st.builds(less, prices, incl=st.booleans()), max_size=4).map(tuple)


def lines(*, adjusted=True, prefix="line", quantity=quantities):
    """Lists of lines, each with an id of its own."""
    drawn = st.builds(
        Line,
        st.just(""),
        prices,
        quantity,
        st.booleans(),
        rates,
        adjustments if adjusted else st.just(()),
    )
    return st.lists(drawn, max_size=6).map(lambda found: _named(found, prefix))


def _named(found, prefix):
    return [
        Line(
            f"{prefix}-{n}",
            each.unit_price_minor,
            each.quantity,
            each.is_tax_inclusive,
            each.tax_rates,
            each.adjustments,
        )
        for n, each in enumerate(found)
    ]
