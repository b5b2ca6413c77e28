"""Countries, languages and time zones, from lists that others keep up to date."""

import re
from functools import cache
from importlib import resources

import pycountry

_LOCALE = re.compile(r"([a-z]{2,3})(?:-([A-Z][a-z]{3}))?(?:-([A-Z]{2}|[0-9]{3}))?")
# They are in the list and are nobody's: one says "not set up", the others are technical.
_NOT_ZONES = frozenset({"Factory", "localtime"})


def is_country(code: str) -> bool:
    """Tells whether it is ISO 3166-1 alpha-2, in upper case."""
    return code in _countries()


def is_locale(tag: str) -> bool:
    """Tells whether it is BCP 47 in its canonical case, of a known language, script and region.

    A storefront can mean a language, a script and a region; no variants and no extensions.
    """
    match = _LOCALE.fullmatch(tag)
    if match is None:
        return False
    language, script, region = match.groups()
    return (
        language in _languages()
        and (script is None or pycountry.scripts.get(alpha_4=script) is not None)
        and (region is None or region.isdigit() or is_country(region))
    )


def is_time_zone(name: str) -> bool:
    """Tells whether it is in the IANA list that comes with Souk, the same on every machine."""
    return name in _time_zones()


@cache
def _countries() -> frozenset[str]:
    return frozenset(country.alpha_2 for country in pycountry.countries)


@cache
def _languages() -> frozenset[str]:
    """The codes that BCP 47 allows: of two for one language, the one with two letters."""
    return frozenset(
        getattr(language, "alpha_2", language.alpha_3) for language in pycountry.languages
    )


@cache
def _time_zones() -> frozenset[str]:
    zones = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(zones) - _NOT_ZONES
