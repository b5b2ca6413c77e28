"""Which taxes a cart has."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.commerce.markets.rules import Market
from services.commerce.pricing.taxes import LocalRates, RegionRate, TaxRegion, local_rates

PROVIDER = "tp_system"
"""What computes taxes: the tenant's own rates."""


@dataclass(frozen=True, slots=True)
class TaxTable:
    """All that a tenant's staff have said of taxes."""

    regions: Sequence[TaxRegion] = ()
    rates: Sequence[RegionRate] = ()


def rates_of_cart(
    table: TaxTable, market: Market, *, country: str, province: str, is_taxed: bool
) -> LocalRates:
    """Returns the rates of a cart's goods and shipping by where these go.

    There are none without a country, nor in a region without automatic taxes until somebody has
    asked for them: then the cart `is_taxed`.
    """
    if not (market.automatic_taxes or is_taxed):
        return LocalRates()
    return local_rates(country, province, table.regions, table.rates)
