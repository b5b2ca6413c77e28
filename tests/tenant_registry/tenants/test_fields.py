"""Rules for the fields of a tenant."""

import math

import pytest

from services.kernel.call.errors import InvalidArgument
from services.tenant_registry.tenants.fields import check, completed


def violations_of(tenant):
    with pytest.raises(InvalidArgument) as refusal:
        check(completed(tenant))
    assert refusal.value.reason == "TENANT_INVALID"
    return refusal.value.violations


def settings(value):
    return {"settings": {"theme": value}}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("display_name", ""),
        ("display_name", " \t "),
        ("display_name", "Paris\nLyon"),
        ("country_code", ""),
        ("country_code", "fr"),
        ("country_code", "FRA"),
        ("country_code", "UK"),
        ("currency_code", "eur"),
        ("currency_code", "XXX"),
        ("currency_code", ""),
        ("default_locale", ""),
        ("default_locale", "french"),
        ("default_locale", "FR"),
        ("default_locale", "fr_FR"),
        ("default_locale", "fr-fr"),
        ("default_locale", "fra"),
        ("default_locale", "xx"),
        ("default_locale", "fr-XX"),
        ("default_locale", "fr-Abcd"),
        ("supported_locales", ["fr", "fr"]),
        ("supported_locales", ["fr", "klingon"]),
        ("time_zone", "Paris"),
        ("time_zone", "europe/paris"),
        ("time_zone", "Factory"),
        ("time_zone", "../etc/passwd"),
        ("capabilities", ["Reviews"]),
        ("capabilities", ["reviews", "reviews"]),
    ],
)
def test_a_wrong_field_is_named(tenant_of, field, value):
    assert field in violations_of(tenant_of(**{field: value}))


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        [{"deep": -math.inf}],
        "é" * 8190,
    ],
)
def test_settings_that_are_no_json_or_too_much_are_refused(tenant_of, value):
    assert list(violations_of(tenant_of(**settings(value)))) == ["settings"]


def test_settings_may_have_exactly_the_size_that_the_contract_says(tenant_of):
    frame = len('{"theme":""}')

    check(completed(tenant_of(**settings("t" * (16 * 1024 - frame)))))

    violations_of(tenant_of(**settings("t" * (16 * 1024 - frame + 1))))


def test_everything_that_is_wrong_is_told_at_once(tenant_of):
    wrong = tenant_of(display_name="", country_code="XX", time_zone="Mars", capabilities=["?"])

    assert violations_of(wrong).keys() == {
        "display_name",
        "country_code",
        "time_zone",
        "capabilities",
    }


def test_the_default_locale_must_be_supported(tenant_of):
    wrong = tenant_of(default_locale="fr", supported_locales=["ar", "en"])

    assert list(violations_of(wrong)) == ["default_locale"]


@pytest.mark.parametrize(
    "fields",
    [
        {"display_name": "شركة التغذية"},
        {"default_locale": "ar-TN"},
        {"default_locale": "zh-Hant-TW"},
        {"default_locale": "es-419"},
        {"default_locale": "kab"},
        {"time_zone": "Africa/Tunis"},
        {"country_code": "TN", "currency_code": "TND"},
        {"capabilities": ["reviews", "gift-cards", "loyalty_2"]},
    ],
)
def test_standard_codes_are_accepted(tenant_of, fields):
    check(completed(tenant_of(**fields)))


def test_missing_optional_fields_are_filled_in(tenant_of):
    complete = completed(tenant_of(default_locale="fr-TN"))

    assert (list(complete.supported_locales), complete.time_zone) == (["fr-TN"], "UTC")


def test_only_what_changed_is_looked_at(tenant_of):
    check(completed(tenant_of(country_code="XX")), ["display_name"])
