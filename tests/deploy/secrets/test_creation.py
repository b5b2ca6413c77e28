"""Secret files: created once, readable by their owner alone, and all that processes need."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from deploy.manifest import DATABASES, ROLES
from deploy.secrets import rotation
from deploy.secrets.creation import make_secrets
from deploy.secrets.kinds import CALLERS
from services.kernel.evidence import signed_notes
from services.kernel.evidence.event_signatures import REVOKED, EventKey


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_every_role_caller_and_login_has_a_secret_of_its_own(tmp_path):
    made = make_secrets(tmp_path / "secrets")

    expected = {f"{name}_{role}.password" for name in DATABASES for role in ROLES}
    expected |= {f"{caller}.key" for caller in CALLERS}
    expected |= {
        "session.key",
        "session.jwks",
        "customer.key",
        "customer.jwks",
        "callers.json",
        "services.pub",
    }
    expected |= {"redis.key", "totp.key", "admin.password"}
    expected |= {f"{name}.{half}" for name in ("checkpoint", "witness") for half in ("key", "pub")}
    assert set(made) == expected
    assert len(set(contents(tmp_path / "secrets").values())) == len(expected)


def test_only_the_owner_can_read_them(tmp_path):
    make_secrets(tmp_path / "secrets")

    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "secrets").iterdir()} == {
        0o600
    }


def test_making_them_again_changes_nothing(tmp_path):
    make_secrets(tmp_path)
    before = contents(tmp_path)

    assert make_secrets(tmp_path) == []
    assert contents(tmp_path) == before


def test_a_new_key_is_published_and_every_other_secret_kept(tmp_path):
    make_secrets(tmp_path)
    before = contents(tmp_path)
    (tmp_path / "gateway.key").unlink()

    assert make_secrets(tmp_path) == ["gateway.key", "callers.json"]

    changed = {name for name, text in contents(tmp_path).items() if text != before[name]}
    assert changed == {"gateway.key", "callers.json"}


@pytest.mark.parametrize("name", ["checkpoint", "witness"])
def test_the_public_halves_of_keys_that_signed_for_good_are_all_kept(tmp_path, name):
    make_secrets(tmp_path)
    [first] = (tmp_path / f"{name}.pub").read_text().splitlines()
    (tmp_path / f"{name}.key").unlink()

    assert make_secrets(tmp_path) == [f"{name}.key", f"{name}.pub"]

    assert (tmp_path / f"{name}.pub").read_text().splitlines()[0] == first
    assert len(signed_notes.read_keys((tmp_path / f"{name}.pub").read_text())) == 2


def event_keys(folder):
    return (folder / "services.pub").read_text().splitlines()


def test_the_keys_of_services_are_published_for_their_events(tmp_path):
    make_secrets(tmp_path)

    assert event_keys(tmp_path) == [
        EventKey(name, (tmp_path / f"{name}.key").read_text()).public.line()
        for name in ("tenant-registry", "catalog-opt-in", "commerce", "audit")
    ]


def test_a_services_stolen_key_is_revoked_and_its_replaced_one_is_not(tmp_path):
    make_secrets(tmp_path)
    registry, catalog, commerce, audit = event_keys(tmp_path)
    rotation.announce(tmp_path, ["audit.key"])
    rotation.switch(tmp_path, ["audit.key"])
    [*_, newer] = event_keys(tmp_path)
    (tmp_path / "catalog-opt-in.key").unlink()

    for _ in range(2):
        make_secrets(tmp_path)
        [*earlier, made] = event_keys(tmp_path)

        assert earlier == [registry, f"{catalog}{REVOKED}", commerce, audit, newer]
        assert made.startswith("services/catalog-opt-in+")
        assert made != catalog


def test_two_runs_at_the_same_time_end_with_one_set(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make_secrets, [tmp_path] * 8))

    before = contents(tmp_path)
    assert make_secrets(tmp_path) == []
    assert contents(tmp_path) == before


def test_only_the_gateway_vouches_for_everything(tmp_path):
    make_secrets(tmp_path)

    callers = json.loads((tmp_path / "callers.json").read_text())

    assert {name for name, entry in callers.items() if entry["may"] == ["*"]} == {"gateway"}
    for entry in callers.values():
        [key] = entry["keys"]
        assert key.keys() == {"kty", "crv", "x", "kid"}
