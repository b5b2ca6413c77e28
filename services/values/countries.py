"""Countries by their ISO 3166-1 alpha-2 codes, in upper case."""

from functools import cache, lru_cache

import pycountry


@lru_cache(maxsize=300)
def name_of(code: str) -> str:
    """Returns the common English name of a country; the code if it is unknown."""
    country = pycountry.countries.get(alpha_2=code)
    return code if country is None else getattr(country, "common_name", country.name)


def country_of_region(code: str, region_id: str) -> dict[str, str]:
    """Describes a country of a region, as `MarketCountry` of cart_documents has it."""
    name = name_of(code)
    return {
        "iso_2": code.lower(),
        "name": name.upper(),
        "display_name": name,
        "region_id": region_id,
    }


def is_country(code: str) -> bool:
    return code in _countries()


@cache
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries)
