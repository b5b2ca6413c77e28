"""The settings that only the tenant registry reads."""

import pytest

from services.kernel.mail.settings import MailSettings
from services.kernel.process.settings import load
from services.tenant_registry.bootstrap import BootstrapSettings

ADDRESSES = [(BootstrapSettings, "SOUK_ADMIN_EMAIL"), (MailSettings, "SOUK_MAIL_FROM")]


@pytest.mark.parametrize(("kind", "name"), ADDRESSES)
@pytest.mark.parametrize("value", ["admin", "@", "a b@c.example", "a@b@c", "a" * 254 + "@b"])
def test_a_wrong_address_is_told_in_words(monkeypatch, capsys, kind, name, value):
    monkeypatch.setenv("SOUK_SECRETS", "/nowhere")
    monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit):
        load(kind)

    [line] = capsys.readouterr().err.splitlines()
    rule = "must be an e-mail address of at most 254 characters"
    assert line == f"souk: invalid setting {name}: {rule}"


@pytest.mark.parametrize(("kind", "name"), ADDRESSES)
def test_an_address_is_taken_as_it_is(monkeypatch, kind, name):
    monkeypatch.setenv("SOUK_SECRETS", "/nowhere")
    monkeypatch.setenv(name, "admin@shop.example")

    taken = load(kind)

    assert getattr(taken, name.removeprefix("SOUK_").lower()) == "admin@shop.example"
