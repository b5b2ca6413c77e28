"""Forged, altered and confused id_tokens: exactly the good one is believed. And who is asked."""

import asyncio
import hashlib
import hmac
import json
import math
import re
import time
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jws, jwt
from joserfc.jwk import KeySet, RSAKey
from pydantic import ValidationError

from services.kernel.call.errors import Unavailable
from services.kernel.process.secret_files import Fixed
from services.tenant_registry.accounts import oidc_provider
from services.tenant_registry.accounts.oidc_claims import Unverified, identity, key_id
from services.tenant_registry.accounts.oidc_provider import ProviderClient
from services.tenant_registry.accounts.oidc_settings import Provider
from services.tenant_registry.accounts.oidc_state import States
from services.tenant_registry.accounts.rules import ClaimRule, roles_of_claims

KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one"})
KEYS = KeySet([KEY])
SETTINGS = {
    "issuer": "https://id.example",
    "client_id": "souk",
    "client_secret": "secret",
    "redirect_uri": "https://admin.example/callback",
    "email_domains": ["paris.example"],
    "rules": [],
}
PROVIDER = Provider.model_validate(SETTINGS)
HEADER = {"alg": "RS256", "kid": "one"}


def claims(**changed):
    now = int(time.time())
    good = {
        "iss": "https://id.example",
        "aud": "souk",
        "sub": "someone",
        "iat": now,
        "exp": now + 60,
        "nonce": "the nonce",
        "email": "Someone@Paris.example",
        "email_verified": True,
        "given_name": "Some",
        "family_name": "One",
    }
    return {k: v for k, v in (good | changed).items() if v is not None}


def signed(payload, *, header=HEADER, key=KEY):
    return jwt.encode(header, payload, key, [header["alg"]])


def signed_text(payload):
    return jws.serialize_compact(HEADER, payload, KEY, [HEADER["alg"]])


def b64(raw):
    return urlsafe_b64encode(raw).decode().rstrip("=")


def states_of(*keys):
    return States(Fixed(keys))


def read(token):
    return identity(token, KEYS, PROVIDER, "the nonce")


def bad():
    good = signed(claims())
    head, body, signature = good.split(".")
    now = claims()["iat"]
    signing_input = f"{b64(json.dumps(HEADER | {'alg': 'HS256'}).encode())}.{body}"
    with_public_key = hmac.digest(KEY.as_pem(private=False), signing_input.encode(), "sha256")
    return {
        "nothing": None,
        "no token": "",
        "a number": 1,
        "two parts": f"{head}.{body}",
        "no signature": f"{head}.{body}.",
        "another signature": f"{head}.{body}.{signature[:-8]}AAAAAAAA",
        "another key of the same id": signed(claims(), key=OTHER_KEY),
        "the public key as a secret": f"{signing_input}.{b64(with_public_key)}",
        "a key of its own": signed(
            claims(), header=HEADER | {"jwk": OTHER_KEY.as_dict(private=False)}
        ),
        "an unknown key": signed(claims(), header=HEADER | {"kid": "two"}),
        "another issuer": signed(claims(iss="https://evil.example")),
        "an issuer with a slash more": signed(claims(iss="https://id.example/")),
        "no issuer": signed(claims(iss=None)),
        "another audience": signed(claims(aud="other")),
        "no audience": signed(claims(aud=None)),
        "many audiences and no party": signed(claims(aud=["souk", "other"])),
        "another party": signed(claims(aud=["souk", "other"], azp="other")),
        "over": signed(claims(iat=now - 120, exp=now - 31)),
        "no end": signed(claims(exp=None)),
        "an end that is true": signed(claims(exp=True)),
        "an end that never comes": signed(claims(exp=math.inf)),
        "an end beyond all numbers": signed_text(
            json.dumps(claims()).replace(f"{now + 60}", "1e400")
        ),
        "a beginning that is no number": signed(claims(iat=math.nan)),
        "from the future": signed(claims(iat=now + 120, exp=now + 180)),
        "no beginning": signed(claims(iat=None)),
        "another nonce": signed(claims(nonce="another")),
        "no nonce": signed(claims(nonce=None)),
        "an e-mail that is not verified": signed(claims(email_verified=False)),
        "an e-mail of which nothing is said": signed(claims(email_verified=None)),
        "an e-mail verified in words": signed(claims(email_verified="true")),
        "no e-mail": signed(claims(email=None)),
        "an e-mail that becomes another's": signed(claims(email="\u212aim@paris.example")),
        "an e-mail of another domain": signed(claims(email="someone@lyon.example")),
        "an e-mail of a domain below": signed(claims(email="someone@x.paris.example")),
        "an e-mail of a domain that ends alike": signed(claims(email="someone@notparis.example")),
        "an e-mail with two domains": signed(claims(email="a@paris.example@lyon.example")),
        "an e-mail without a domain": signed(claims(email="root@localhost")),
        "an e-mail with a line in it": signed(claims(email="a@b.example\nx")),
        "no subject": signed(claims(sub=None)),
        "an empty subject": signed(claims(sub="")),
        "too long": signed(claims(more="x" * 20_000)),
    }


def test_a_good_token_tells_who_it_is():
    found = read(signed(claims(aud=["souk", "other"], azp="souk")))

    assert (found.subject, found.email) == ("someone", "someone@paris.example")
    assert (found.first_name, found.last_name) == ("Some", "One")


@pytest.mark.parametrize("what", bad())
def test_a_token_with_one_thing_wrong_proves_nothing(what):
    with pytest.raises(Unverified):
        read(bad()[what])


def test_a_claim_gives_what_the_rules_say_and_nothing_besides():
    rules = [
        ClaimRule("groups", "paris-admins", "TenantAdmin", "paris"),
        ClaimRule("groups", "lyon-admins", "TenantAdmin", "lyon"),
        ClaimRule("job", "operator", "GlobalAdmin", None),
    ]

    assert roles_of_claims({"groups": ["paris-admins", "x"]}, rules) == {("TenantAdmin", "paris")}
    assert roles_of_claims({"groups": "lyon-admins"}, rules) == {("TenantAdmin", "lyon")}
    assert roles_of_claims({"job": "operator"}, rules) == {("GlobalAdmin", None)}
    for none in ({}, {"groups": None}, {"groups": [["paris-admins"]]}, {"groups": "paris-admins x"},
                 {"groups": {"paris-admins": True}}, {"Groups": ["paris-admins"]}):  # fmt: skip
        assert roles_of_claims(none, rules) == set()


def test_a_state_is_of_one_provider_one_browser_and_ten_minutes(monkeypatch):
    states = states_of(b"a key", b"an older key")
    started, state, browser = states.start("paris-idp")

    assert states.finish("paris-idp", state, browser) == started
    rotated = states_of(b"a newer key", b"a key")
    assert rotated.finish("paris-idp", state, browser) == started
    for provider, sealed, who in (
        ("lyon-idp", state, browser),
        ("paris-idp", state, states.start("paris-idp")[2]),
        ("paris-idp", state, ""),
        ("paris-idp", state[:-4] + "AAAA", browser),
        ("paris-idp", "é", browser),
        ("paris-idp", "", browser),
        ("paris-idp", "x" * 3000, browser),
    ):
        assert states.finish(provider, sealed, who) is None
    assert states_of(b"another key").finish("paris-idp", state, browser) is None
    now = time.time()
    monkeypatch.setattr("cryptography.fernet.time.time", lambda: now + 601)
    assert states.finish("paris-idp", state, browser) is None


@pytest.mark.parametrize(
    "issuer",
    ["http://id.example", "http://10.0.0.1", "https://user@id.example", "ftp://id.example", "id",
     "http://localhost.evil.example", "https://id.example/#x"],
)  # fmt: skip
def test_a_provider_is_asked_by_tls_or_on_this_machine(issuer):
    with pytest.raises(ValidationError):
        Provider.model_validate(SETTINGS | {"issuer": issuer})


class Hostile:
    """A provider that answers whatever the test says."""

    def __init__(self, answer):
        self._answer = answer
        self.paths = []
        self.body = b""

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.paths.append(head.split(b" ")[1])
        length = re.search(rb"content-length: (\d+)", head.lower())
        self.body = await reader.readexactly(int(length[1])) if length else b""
        await self._answer(writer, self.address)
        writer.close()


async def _redirect(writer, address):
    writer.write(
        f"HTTP/1.1 302 F\r\nlocation: {address}/elsewhere\r\ncontent-length: 2\r\n\r\n{{}}".encode()
    )


async def _endless(writer, _address):
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(400):
        writer.write(b"x" * 4096)
        await writer.drain()


async def _silent(_writer, _address):
    await asyncio.sleep(3)


def _saying(**fields):
    async def answer(writer, address):
        body = json.dumps(
            {
                "issuer": address,
                "authorization_endpoint": f"{address}/a",
                "token_endpoint": f"{address}/t",
                "jwks_uri": f"{address}/k",
            }
            | fields
        ).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        _redirect,
        _endless,
        _silent,
        _saying(issuer="https://other.example"),
        _saying(jwks_uri="http://169.254.169.254/latest/meta-data"),
        _saying(jwks_uri="http://127.0.0.1:1/"),
        _saying(token_endpoint="file:///etc/passwd"),
        _saying(token_endpoint=None),
        _saying(keys="none"),
    ],
)
async def test_a_provider_that_answers_amiss_is_unavailable_and_leads_nowhere(answer, monkeypatch):
    monkeypatch.setattr(oidc_provider, "_SECONDS", 0.3)
    async with Hostile(answer) as hostile:
        settings = Provider.model_validate(SETTINGS | {"issuer": hostile.address})
        started, state, _ = states_of(b"a key").start("idp")

        with pytest.raises(Unavailable) as refusal:
            await ProviderClient(settings).location(started, state)

        assert refusal.value.reason == "OIDC_UNAVAILABLE"
        assert set(hostile.paths) <= {b"/.well-known/openid-configuration", b"/k"}


@pytest.mark.parametrize("name", ["jwks_uri", "token_endpoint", "authorization_endpoint"])
async def test_a_provider_cannot_send_the_registry_to_another_server(name):
    async with Hostile(_saying(keys=[])) as victim:
        endpoints = {name: f"{victim.address}/inside"}
        async with Hostile(_saying(keys=[KEY.as_dict(private=False)], **endpoints)) as hostile:
            settings = Provider.model_validate(SETTINGS | {"issuer": hostile.address})
            started, state, _ = states_of(b"a key").start("idp")

            with pytest.raises(Unavailable):
                await ProviderClient(settings).location(started, state)

        assert victim.paths == []


class Sound(Hostile):
    """A provider that answers as one does: with `keys`, and with a token that `key` signed."""

    def __init__(self):
        super().__init__(self._say)
        self.keys, self.key, self.nonce = [KEY], KEY, ""

    async def _say(self, writer, address):
        places = {
            "authorization_endpoint": f"{address}/a",
            "token_endpoint": f"{address}/t",
            "jwks_uri": f"{address}/k",
        }
        token = signed(
            claims(iss=address, nonce=self.nonce),
            header={"alg": "RS256", "kid": self.key.kid},
            key=self.key,
        )
        document = {
            b"/k": {"keys": [key.as_dict(private=False) for key in self.keys]},
            b"/t": {"id_token": token},
        }.get(self.paths[-1], {"issuer": address, **places})
        body = json.dumps(document).encode()
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))


async def begun(provider):
    """Begins a login at a provider: the client, what was begun, and what the location says."""
    client = ProviderClient(Provider.model_validate(SETTINGS | {"issuer": provider.address}))
    states = states_of(b"a key")
    _, state, browser = states.start("idp")
    started = states.finish("idp", state, browser)
    provider.nonce = started.nonce
    location = await client.location(started, state)
    return client, started, parse_qs(urlsplit(location).query)


async def test_the_code_is_exchanged_with_what_the_challenge_was_made_of():
    async with Sound() as provider:
        client, started, query = await begun(provider)

        await client.exchange("a code", started)

        form = {name: values[0] for name, values in parse_qs(provider.body.decode()).items()}
        made = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        assert (query["code_challenge"], query["code_challenge_method"]) == ([made], ["S256"])
        assert 43 <= len(form["code_verifier"]) <= 128
        assert form["code_verifier"] not in str(query)
        assert (form["grant_type"], form["code"]) == ("authorization_code", "a code")


async def test_a_key_that_the_provider_added_meanwhile_is_fetched(monkeypatch):
    monkeypatch.setattr(oidc_provider, "_REFETCH_SECONDS", -1.0)
    newer = RSAKey.generate_key(2048, {"kid": "two"})
    async with Sound() as provider:
        client, started, _ = await begun(provider)
        provider.keys, provider.key = [KEY, newer], newer

        found = await client.exchange("a code", started)

        assert found.subject == "someone"
        assert provider.paths.count(b"/k") == 2


async def test_an_unknown_key_id_makes_the_client_refetch_the_keys_only_now_and_then(monkeypatch):
    async with Sound() as provider:
        client, started, _ = await begun(provider)
        provider.key = RSAKey.generate_key(2048, {"kid": "nobody's"})

        for _ in range(3):
            with pytest.raises(Unverified):
                await client.exchange("a code", started)
        assert provider.paths.count(b"/k") == 1
        monkeypatch.setattr(oidc_provider, "_REFETCH_SECONDS", -1.0)
        with pytest.raises(Unverified):
            await client.exchange("a code", started)
        assert provider.paths.count(b"/k") == 2


@pytest.mark.parametrize(
    "token",
    [None, 7, "", "x", "x.y.z", b64(b"[]"), b64(b'{"kid": {}}'), b64(b'{"kid": []}'), b64(b"{}")],
)
def test_a_token_that_names_no_key_names_none(token):
    assert key_id(token) is None
    assert key_id(b64(b'{"kid": "one"}') + ".x.y") == "one"
