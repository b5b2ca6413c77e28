"""Names of countries, as a region shows them."""

import pycountry
import pytest

from services.values.countries import name_of


@pytest.mark.parametrize(
    ("code", "name"),
    [("FR", "France"), ("TN", "Tunisia"), ("CI", "Côte d'Ivoire"), ("TW", "Taiwan"), ("XX", "XX")],
)
def test_a_country_has_its_common_name(code, name):
    assert name_of(code) == name


def test_every_country_that_a_tenant_can_have_has_a_name():
    codes = {country.alpha_2 for country in pycountry.countries}

    assert {code for code in codes if name_of(code) == code} == set()
