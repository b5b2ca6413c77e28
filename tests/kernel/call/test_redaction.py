"""Our own secrets never stand in logs and events."""

import pytest

from services.kernel.call.redaction import redacted
from services.kernel.evidence.denials import loggable_name
from services.values.api_keys import SECRET, new_key

TOKEN = "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJ1c2VyXzEifQ." + "x" * 86


def secrets():
    return [new_key(SECRET), "souk_refresh_" + "x" * 43, TOKEN, TOKEN[:40]]


def test_text_in_the_form_of_our_secrets_is_redacted():
    for secret in secrets():
        assert redacted(f"tenants/{secret}/domains/x") == "tenants/***/domains/x"


def test_a_refusal_spells_no_secret():
    for secret in secrets():
        assert loggable_name(f"tenants/{secret}") == "tenants/***"


@pytest.mark.parametrize(
    "name", ["tenants/paris", "admins/user_01JABCDEFGHJKMNPQRSTVWXYZ0", "tenants/souk", "é", ""]
)
def test_names_stay_as_they_are(name):
    assert redacted(name) == loggable_name(name) == name
