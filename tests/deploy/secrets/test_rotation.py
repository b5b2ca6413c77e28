"""Secrets that are replaced: in which order files change, and what processes make of it."""

import base64
import json
import time

import pytest
from joserfc import jwt

from deploy.provision import provision
from deploy.secrets import rotation
from deploy.secrets.creation import make_secrets
from deploy.secrets.kinds import PASSWORDS
from services.kernel.call.credentials import Signer, Verifier, callers
from services.kernel.call.errors import Unauthenticated
from services.kernel.call.scope import Scope, bound
from services.kernel.data.database import Database
from services.kernel.process import secret_files
from services.kernel.process.secret_files import SecretFile, ring
from services.kernel.process.signing_keys import entry_of, read_set, signing_key

PARIS = Scope("paris", "admins/user_1", frozenset({"listing:write"}))
LYON = Scope("lyon", "admins/user_2", frozenset({"listing:write"}))


@pytest.fixture
def folder(tmp_path):
    make_secrets(tmp_path)
    return tmp_path


@pytest.fixture
def looking(monkeypatch):
    """Files are looked at whenever they are used."""
    monkeypatch.setattr(secret_files, "CHECK_SECONDS", 0)
    monkeypatch.setattr(secret_files, "MIN_CHECK_SECONDS", 0)


def texts(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def session_ids(folder):
    return [
        (e["kid"], "exp" in e) for e in json.loads((folder / "session.jwks").read_text())["keys"]
    ]


def own_id(folder, name="session.key"):
    return entry_of((folder / name).read_text())["kid"]


def test_the_next_key_is_believed_before_anything_is_signed_with_it(folder):
    first = own_id(folder)

    rotation.announce(folder, ["session.key"])

    second = own_id(folder, "session.key.next")
    assert own_id(folder) == first
    assert session_ids(folder) == [(first, False), (second, False)]


def test_the_key_of_before_is_believed_until_what_it_signed_has_ended(folder):
    first = own_id(folder)
    rotation.announce(folder, ["session.key"])
    second = own_id(folder, "session.key.next")

    rotation.switch(folder, ["session.key"])

    assert own_id(folder) == second
    assert not (folder / "session.key.next").exists()
    assert session_ids(folder) == [(second, False), (first, True)]
    ends = json.loads((folder / "session.jwks").read_text())["keys"][1]["exp"]
    assert 3600 < ends - time.time() <= 2 * 3600
    assert make_secrets(folder) == []


def test_expired_keys_are_dropped_and_a_removed_key_ends_at_once(folder):
    for _ in range(3):
        rotation.announce(folder, ["session.key"])
        rotation.switch(folder, ["session.key"])
    assert len(session_ids(folder)) == 4
    sets = folder / "session.jwks"
    sets.write_text(sets.read_text().replace('"exp": 1', '"exp": 0.1'))
    lost = own_id(folder)
    (folder / "session.key").unlink()

    make_secrets(folder)

    assert session_ids(folder) == [(own_id(folder), False)]
    assert lost != own_id(folder)


def test_a_run_that_was_broken_off_is_finished_by_the_next(folder):
    names = sorted(rotation.REPLACEABLE)
    rotation.announce(folder, names)
    before = texts(folder)

    rotation.announce(folder, names)
    assert texts(folder) == before
    rotation.switch(folder, names[: len(names) // 2])
    rotation.announce(folder, names[len(names) // 2 :])
    rotation.switch(folder, names)

    after = texts(folder)
    assert not [name for name in after if name.endswith(".next")]
    for name in names:
        assert after[name].split()[0] != "" != before[name]
        assert after[name].startswith(before[f"{name}.next"].strip())


def test_a_ring_gets_a_second_key_that_then_becomes_the_first(folder):
    [first] = ring((folder / "redis.key").read_text())

    rotation.announce(folder, ["redis.key"])
    announced = ring((folder / "redis.key").read_text())
    rotation.switch(folder, ["redis.key"])
    switched = ring((folder / "redis.key").read_text())
    rotation.announce(folder, ["redis.key"])

    assert announced[0] == first
    assert switched == announced[::-1]
    assert ring((folder / "redis.key").read_text())[0] == switched[0]
    assert len(ring((folder / "redis.key").read_text())) == 2


def test_a_checkpoints_key_is_believed_for_good(folder):
    for _ in range(2):
        rotation.announce(folder, ["checkpoint.key", "witness.key"])
        rotation.switch(folder, ["checkpoint.key", "witness.key"])

    for name in ("checkpoint.pub", "witness.pub"):
        assert len((folder / name).read_text().splitlines()) == 3


def test_unknown_secrets_and_the_admins_own_are_not_replaced():
    for name in ("nobody.key", "admin.password", "callers.json"):
        with pytest.raises(SystemExit, match=name):
            rotation.checked_names([name])


@pytest.mark.usefixtures("looking")
def test_a_scope_is_believed_through_every_step_of_a_rotation(folder):
    signer = Signer("gateway", SecretFile(folder / "gateway.key", signing_key))
    verifier = Verifier(SecretFile(folder / "callers.json", callers), "audit")
    tokens: list[str] = []

    def believed():
        tokens.extend(signer.sign(scope, "audit") for scope in (PARIS, LYON))
        again = Verifier(SecretFile(folder / "callers.json", callers), "audit")
        for one in (verifier, again):
            assert {one.verify(token).tenant for token in tokens} == {"paris", "lyon"}

    for _ in range(3):
        believed()
        rotation.announce(folder, ["gateway.key"])
        believed()
        rotation.switch(folder, ["gateway.key"])
    believed()
    assert len({json_of(token)["kid"] for token in tokens}) == 4


def json_of(token):
    head = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))


@pytest.mark.usefixtures("looking")
def test_a_retired_key_is_believed_no_longer_than_it_shall_be(folder, monkeypatch):
    old = Signer("gateway", (folder / "gateway.key").read_text())
    rotation.announce(folder, ["gateway.key"])
    rotation.switch(folder, ["gateway.key"])
    verifier = Verifier(SecretFile(folder / "callers.json", callers), "audit")
    assert verifier.verify(old.sign(PARIS, "audit")) == PARIS

    later = time.time() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Unauthenticated):
        verifier.verify(old.sign(LYON, "audit"))


def test_an_unknown_key_makes_a_verifier_reread_the_file_but_not_each_time(folder, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    looks = []

    def noted(text):
        looks.append(text)
        return read_set(text)

    secret = SecretFile(folder / "session.jwks", noted)

    def replace():
        rotation.announce(folder, ["session.key"])
        rotation.switch(folder, ["session.key"])

    replace()
    secret()
    assert len(looks) == 1
    clock[0] += 0.2
    secret.again()
    assert len(looks) == 2
    replace()
    for _ in range(1000):
        secret.again()
    assert len(looks) == 2
    clock[0] += 1.1
    secret()
    assert len(looks) == 3


@pytest.mark.usefixtures("looking")
def test_a_file_that_cannot_be_read_changes_nothing(folder):
    secret = SecretFile(folder / "session.jwks", read_set)
    before = secret()

    for nonsense in ("", "{", "{}", '{"keys": []}', '{"keys": [{"kid": "x"}]}', "[]", "null"):
        (folder / "session.jwks").write_text(nonsense)
        assert secret() == before
    (folder / "session.jwks").unlink()
    assert secret() == before


def test_a_token_brings_no_key_of_its_own(folder):
    verifier = Verifier(SecretFile(folder / "callers.json", callers), "audit")
    key = signing_key((folder / "audit.key").read_text())
    claims: dict[str, object] = {
        "iss": "gateway",
        "aud": "audit",
        "sub": "x",
        "perms": [],
        "tid": None,
        "cur": None,
    }
    now = int(time.time())
    for header in ({"kid": key.key_id}, {"kid": ""}, {}):
        token = jwt.encode(
            {"alg": "Ed25519", "typ": "souk-scope+jwt"} | header,
            claims | {"iat": now, "exp": now + 10},
            key.key,
            ["Ed25519"],
        )
        with pytest.raises(Unauthenticated):
            verifier.verify(token)


@pytest.fixture
async def scratch(cluster, tmp_path):
    """The cluster's secrets in a folder of the test's own; PostgreSQL gets its own back after."""
    for path in cluster.secrets.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_text(path.read_text())
    yield tmp_path
    await provision(cluster.admin_url, cluster.secrets)


async def test_a_connection_is_made_in_every_step_of_replacing_a_password(cluster, scratch):
    async def connects():
        database = Database(
            cluster.url("tenant_registry", "app"),
            cluster.url("tenant_registry", "platform"),
            secrets=scratch,
            head_office="hq",
            sign=bytes,
        )
        await database.open()
        for tenant in ("paris", "lyon"):
            with bound(Scope(tenant, "admins/user_1", frozenset())):
                async with database.tenant(), database.platform():
                    pass
        await database.close()

    names = [name for name in PASSWORDS if name.startswith("tenant_registry")]
    for _ in range(2):
        rotation.announce(scratch, names)
        await connects()
        await provision(cluster.admin_url, scratch)
        await connects()
        rotation.switch(scratch, names)
        await connects()
    assert (scratch / names[0]).read_text() != (cluster.secrets / names[0]).read_text()


def test_a_key_that_encrypted_what_is_stored_is_kept_for_good(folder):
    [first] = ring((folder / "totp.key").read_text())

    for _ in range(3):
        rotation.announce(folder, ["totp.key"])
        rotation.switch(folder, ["totp.key"])

    lines = ring((folder / "totp.key").read_text())
    assert len(set(lines)) == len(lines) == 4
    assert lines[-1] == first
