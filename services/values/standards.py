"""Languages and time zones, from maintained packages."""

import re
from functools import cache
from importlib import resources

import pycountry

from services.values.countries import is_country

_LOCALE = re.compile(r"([a-z]{2,3})(?:-([A-Z][a-z]{3}))?(?:-([A-Z]{2}|[0-9]{3}))?")
# Listed, but not real zones.
_NOT_ZONES = frozenset({"Factory", "localtime"})


def is_locale(tag: str) -> bool:
    """Returns whether it is a BCP 47 tag in canonical case, of known parts.

    It may have a language, a script and a region, but no variants or extensions.
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
    """Returns whether it is in the IANA list shipped with Souk, the same on every machine."""
    return name in _time_zones()


@cache
def _languages() -> frozenset[str]:
    """Returns the codes that BCP 47 allows: the two-letter code where there is one."""
    return frozenset(
        getattr(language, "alpha_2", language.alpha_3) for language in pycountry.languages
    )


@cache
def _time_zones() -> frozenset[str]:
    zones = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return frozenset(zones) - _NOT_ZONES
