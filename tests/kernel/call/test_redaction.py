import pytest

from services.kernel.call.redaction import redacted
from services.kernel.evidence.denials import spelled
from services.values.api_keys import SECRET, new_key

TOKEN = "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJ1c2VyXzEifQ." + "x" * 86


def secrets():
    return [new_key(SECRET), "souk_refresh_" + "x" * 43, TOKEN, TOKEN[:40]]


def test_what_looks_like_a_secret_of_ours_is_left_out():
    for secret in secrets():
        assert redacted(f"tenants/{secret}/domains/x") == "tenants/***/domains/x"


def test_a_refusal_spells_no_secret():
    for secret in secrets():
        assert spelled(f"tenants/{secret}") == "tenants/***"


@pytest.mark.parametrize(
    "name", ["tenants/paris", "admins/user_01JABCDEFGHJKMNPQRSTVWXYZ0", "tenants/souk", "é", ""]
)
def test_names_stay_as_they_are(name):
    assert redacted(name) == spelled(name) == name
