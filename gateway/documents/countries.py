"""English names of countries."""

from functools import lru_cache

import pycountry


@lru_cache(maxsize=300)
def name_of(code: str) -> str:
    """Returns the common name of an ISO 3166-1 alpha-2 code, in upper case; the code if unknown."""
    country = pycountry.countries.get(alpha_2=code)
    return code if country is None else getattr(country, "common_name", country.name)
