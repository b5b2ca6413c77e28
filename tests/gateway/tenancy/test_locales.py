"""Which locale a shop is read in, and where texts come from that are not in it."""

import pytest

from gateway.header_fields import HeaderFields
from gateway.tenancy import locale_in, locales_read, supported_locale
from services.kernel.call.errors import InvalidArgument
from tests.gateway.known_tenants import known_tenant

PARIS = known_tenant("paris", supported_locales=("fr", "ar", "zh-Hant"))
TUNIS = known_tenant("tunis", default_locale="ar", supported_locales=("ar", "fr", "de", "ar-TN"))
OSLO = known_tenant("oslo", default_locale="nb-NO", supported_locales=("nb-NO", "zh-Hant-TW"))


@pytest.mark.parametrize(
    ("shop", "requested", "locale"),
    [
        (PARIS, "", "fr"),
        (PARIS, "ar", "ar"),
        (PARIS, "ar-TN", "ar"),
        (PARIS, "AR-tn", "ar"),
        (PARIS, "zh-hant-tw", "zh-Hant"),
        (PARIS, "zh", "fr"),
        (PARIS, "de", "fr"),
        (TUNIS, "", "ar"),
        (TUNIS, "ar-tn", "ar-TN"),
        (TUNIS, "en", "ar"),
        (OSLO, "ar", "nb-NO"),
    ],
)
def test_a_shop_is_read_in_the_nearest_locale_or_its_default(shop, requested, locale):
    assert supported_locale(shop, requested) == locale


@pytest.mark.parametrize(
    ("shop", "requested", "own", "chain"),
    [
        (PARIS, "", "fr", []),
        (PARIS, "", "en", ["fr"]),
        (PARIS, "ar-TN", "fr", ["ar"]),
        (PARIS, "ar-TN", "en", ["ar", "fr"]),
        (TUNIS, "", "fr", ["ar"]),
        (TUNIS, "fr-TN", "fr", []),
        (TUNIS, "fr", "fr-FR", []),
        (TUNIS, "de", "fr", ["de", "ar"]),
        (TUNIS, "ar-TN", "fr", ["ar-TN", "ar"]),
        (TUNIS, "en", "ar", []),
        (OSLO, "zh-Hant-TW", "en", ["zh-Hant-TW", "zh-Hant", "zh", "nb-NO", "nb"]),
        (OSLO, "zh-Hant-TW", "nb-NO", ["zh-Hant-TW", "zh-Hant", "zh"]),
        (OSLO, "", "nb", ["nb-NO"]),
    ],
)
def test_a_text_is_looked_for_in_the_shops_locales_until_the_head_offices(
    shop, requested, own, chain
):
    assert locales_read(shop, requested, own=own) == chain


@pytest.mark.parametrize("value", ["", " ", "ar", "ar-TN"])
def test_the_header_is_a_tag_or_empty(value):
    fields = HeaderFields([(b"x-medusa-locale", value.encode())])

    assert locale_in(fields) == value.strip()


def test_a_header_that_is_no_tag_is_refused():
    with pytest.raises(InvalidArgument):
        locale_in(HeaderFields([(b"x-medusa-locale", b"no locale")]))
