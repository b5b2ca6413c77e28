"""The operator's file of identity providers: what is wrong with it is told, and no secret of it."""

import json

import pytest

from services.tenant_registry.accounts.oidc_settings import providers
from tests.tenant_registry.accounts.test_oidc_claims import SETTINGS

RULE = {"claim": "groups", "value": "admins", "role": "TenantAdmin", "tenant": "paris"}


def test_a_file_that_is_not_sound_stops_the_process_without_telling_the_secret(tmp_path):
    wrong = {"idp": SETTINGS | {"issuer": "http://id.example", "client_secret": "canary"}}
    (tmp_path / "oidc.json").write_text(json.dumps(wrong))

    with pytest.raises(SystemExit) as stopped:
        providers(tmp_path)

    assert "idp.issuer" in str(stopped.value)
    assert "canary" not in str(stopped.value)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"Paris IdP": SETTINGS}, "Paris IdP.[key]: a provider's name must be 1 to 40 lower-case"),
        ({"idp": SETTINGS | {"email_domains": ["@paris"]}}, "must be a domain in lower-case ASCII"),
        ({"idp": SETTINGS | {"issuer": "http://id.example"}}, "idp.issuer: must use https"),
        (
            {"idp": SETTINGS | {"rules": [RULE | {"tenant": "Paris"}]}},
            "idp.rules.0.tenant: must be 1 to 63 lower-case letters, digits and hyphens",
        ),
    ],
)
def test_a_provider_that_is_not_sound_is_told_in_words(tmp_path, wrong, message):
    (tmp_path / "oidc.json").write_text(json.dumps(wrong))

    with pytest.raises(SystemExit) as stopped:
        providers(tmp_path)

    assert message in str(stopped.value)
    assert "^" not in str(stopped.value)


def test_a_file_that_is_no_json_stops_the_process(tmp_path):
    (tmp_path / "oidc.json").write_text("{canary")

    with pytest.raises(SystemExit, match="cannot be read as JSON") as stopped:
        providers(tmp_path)

    assert "canary" not in str(stopped.value)
