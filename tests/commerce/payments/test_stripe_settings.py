"""The secret stripe.json: without it nobody pays with Stripe, and a wrong one ends the process."""

import json

import pytest

from services.commerce.payments.providers import configured_providers
from services.commerce.payments.stripe_settings import stripe_settings


def test_without_the_file_there_is_the_manual_provider_alone(tmp_path):
    assert configured_providers(tmp_path).ids == ("pp_system_default",)


async def test_with_the_file_stripe_is_offered_too(tmp_path):
    (tmp_path / "stripe.json").write_text(json.dumps({"secret_key": "sk_x"}))

    assert configured_providers(tmp_path).ids == ("pp_system_default", "pp_stripe_stripe")


@pytest.mark.parametrize(
    ("text", "flaw"),
    [
        ('{"secret_key": "sk_private"', "it cannot be read as JSON"),
        ("{}", "secret_key: Field required"),
        ('{"secret_key": "sk_private", "api_base": "http://a.example"}', "api_base: must be https"),
        ('{"secret_key": "sk_private", "api_bas": ""}', "api_bas: Extra inputs"),
        ('{"secret_key": ""}', "secret_key: String should have at least 1 character"),
    ],
)
def test_an_invalid_file_ends_the_process_and_its_values_are_not_shown(tmp_path, text, flaw):
    (tmp_path / "stripe.json").write_text(text)

    with pytest.raises(SystemExit, match=flaw) as ended:
        stripe_settings(tmp_path)

    assert "sk_private" not in str(ended.value)
