"""Forged, altered and confused session tokens: exactly the good one is believed."""

import hmac
import json
import time
from base64 import urlsafe_b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from gateway.identity.session_tokens import (
    AUDIENCE,
    BEARER,
    ISSUER,
    MAX_TOKEN_BYTES,
    Session,
    Sessions,
)
from gateway.medusa.errors import Refused
from services.kernel.process.secret_files import Fixed
from services.kernel.process.signing_keys import PublicKey, PublicKeys, public_keys
from tests.secret_files import Replaceable

NOW = 1_800_000_000
KEY = OKPKey.generate_key("Ed25519")
OTHER_KEY = OKPKey.generate_key("Ed25519")
HEADER = {"alg": "Ed25519", "typ": BEARER, "kid": KEY.thumbprint()}
CLAIMS = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "user_01JADMIN",
    "sid": "sess_01JONE",
    "jti": "sess_01J",
    "iat": NOW - 60,
    "exp": NOW + 3540,
}


def sessions(now=NOW):
    return Sessions(Fixed(public_keys(KEY)), clock=lambda: now)


def b64(data):
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return urlsafe_b64encode(raw).rstrip(b"=")


def signed(header, claims, key=KEY):
    """Signs any header and claims, as bytes or as objects, well formed or not."""
    head, body = b64(header), b64(claims)
    signature = key.get_op_key("sign").sign(head + b"." + body)
    return head + b"." + body + b"." + b64(signature)


def without(fields, *names):
    return {key: value for key, value in fields.items() if key not in names}


def hmac_token():
    signing_input = b64({**HEADER, "alg": "HS256"}) + b"." + b64(CLAIMS)
    return (
        signing_input + b"." + b64(hmac.digest(KEY.as_pem(private=False), signing_input, "sha256"))
    )


def foreign_token(alg, key):
    return jws.serialize_compact(
        {**HEADER, "alg": alg}, json.dumps(CLAIMS), key, algorithms=[alg]
    ).encode()


GOOD = signed(HEADER, CLAIMS)
HEAD, BODY, SIGNATURE = GOOD.split(b".")
DEEP = b'{"a":' + b"[" * 1200 + b"]" * 1200 + b"}"
REPEATED = json.dumps(CLAIMS)[:-1].encode() + b',"sub":"user_01JOTHER"}'

BAD = {
    "nothing": b"",
    "one part": HEAD,
    "two parts": HEAD + b"." + BODY,
    "four parts": GOOD + b".x",
    "an encrypted token's five parts": b".".join([HEAD] * 5),
    "no signature": HEAD + b"." + BODY + b".",
    "a padded signature": GOOD + b"==",
    "a space inside": HEAD + b" ." + BODY + b"." + SIGNATURE,
    "a new line at the end": GOOD + b"\n",
    "a null byte": GOOD + b"\0",
    "plus and slash for minus and underscore": HEAD + b"." + BODY + b"." + b"+/" * 43,
    "alg none": b64({**HEADER, "alg": "none"}) + b"." + BODY + b".",
    "alg none with the old signature": b64({**HEADER, "alg": "none"})
    + b"."
    + BODY
    + b"."
    + SIGNATURE,
    "alg None spelled otherwise": b64({**HEADER, "alg": "nOnE"}) + b"." + BODY + b"." + SIGNATURE,
    "the public key used as an HMAC secret": hmac_token(),
    "signed with RSA": foreign_token("RS256", RSAKey.generate_key(2048)),
    "signed with P-256": foreign_token("ES256", ECKey.generate_key("P-256")),
    "signed with another key": signed(HEADER, CLAIMS, OTHER_KEY),
    "another key's id": signed({**HEADER, "kid": OTHER_KEY.thumbprint()}, CLAIMS),
    "a key of its own in the header": signed(
        {**HEADER, "jwk": OTHER_KEY.as_dict(private=False)}, CLAIMS, OTHER_KEY
    ),
    "its own key, signed with ours": signed({**HEADER, "jwk": KEY.as_dict(private=False)}, CLAIMS),
    "a key to be fetched": signed({**HEADER, "jku": "https://evil.example/keys"}, CLAIMS),
    "a certificate to be fetched": signed({**HEADER, "x5u": "https://evil.example/c"}, CLAIMS),
    "a critical extension": signed({**HEADER, "crit": ["b64"], "b64": False}, CLAIMS),
    "compressed": signed({**HEADER, "zip": "DEF"}, CLAIMS),
    "a path for a key id": signed({**HEADER, "kid": "../../dev/null"}, CLAIMS),
    "no type": signed(without(HEADER, "typ"), CLAIMS),
    "the type of any JWT": signed({**HEADER, "typ": "JWT"}, CLAIMS),
    "a service's scope": signed({**HEADER, "typ": "souk-scope+jwt"}, CLAIMS),
    "no algorithm": signed(without(HEADER, "alg"), CLAIMS),
    "a header that is a list": signed([HEADER], CLAIMS),
    "claims that are a list": signed(HEADER, [CLAIMS]),
    "claims that are no JSON": signed(HEADER, b"{nonsense"),
    "claims that are no UTF-8": signed(HEADER, b'{"iss":"\xff"}'),
    "a claim that comes twice": signed(HEADER, REPEATED),
    "a header that comes twice": signed(
        json.dumps(HEADER)[:-1].encode() + b',"alg":"Ed25519"}', CLAIMS
    ),
    "claims too deep to read": signed(HEADER, DEEP),
    "no issuer": signed(HEADER, without(CLAIMS, "iss")),
    "another issuer": signed(HEADER, {**CLAIMS, "iss": "evil"}),
    "no audience": signed(HEADER, without(CLAIMS, "aud")),
    "another audience": signed(HEADER, {**CLAIMS, "aud": "tenant-registry"}),
    "many audiences": signed(HEADER, {**CLAIMS, "aud": [AUDIENCE, "evil"]}),
    "no subject": signed(HEADER, without(CLAIMS, "sub")),
    "an empty subject": signed(HEADER, {**CLAIMS, "sub": ""}),
    "a subject of two segments": signed(HEADER, {**CLAIMS, "sub": "user_1/../user_2"}),
    "a subject that is a number": signed(HEADER, {**CLAIMS, "sub": 1}),
    "no session": signed(HEADER, without(CLAIMS, "sid")),
    "an empty session": signed(HEADER, {**CLAIMS, "sid": ""}),
    "a session of two segments": signed(HEADER, {**CLAIMS, "sid": "sess_1/../sess_2"}),
    "no id": signed(HEADER, without(CLAIMS, "jti")),
    "no end": signed(HEADER, without(CLAIMS, "exp")),
    "an end that is text": signed(HEADER, {**CLAIMS, "exp": str(NOW + 60)}),
    "an end that is true": signed(HEADER, {**CLAIMS, "exp": True}),
    "an end that is a fraction": signed(HEADER, {**CLAIMS, "exp": NOW + 0.5}),
    "an endless end": signed(HEADER, json.dumps({**CLAIMS, "exp": float("inf")}).encode()),
    "an end that was": signed(HEADER, {**CLAIMS, "exp": NOW - 31}),
    "a life of a week": signed(HEADER, {**CLAIMS, "exp": NOW + 7 * 86400}),
    "no beginning": signed(HEADER, without(CLAIMS, "iat")),
    "issued in the future": signed(HEADER, {**CLAIMS, "iat": NOW + 31}),
    "not before the future": signed(HEADER, {**CLAIMS, "nbf": NOW + 31}),
    "an end before its beginning": signed(HEADER, {**CLAIMS, "iat": NOW, "exp": NOW}),
    "larger than any token": signed(HEADER, {**CLAIMS, "x": "x" * MAX_TOKEN_BYTES}),
}


def test_a_good_token_tells_who_asks():
    session = sessions().verify(GOOD)

    assert session == Session("admins/user_01JADMIN", "sess_01JONE", NOW - 60, NOW + 3540)


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
def test_a_token_with_one_thing_wrong_is_refused_like_any_other(token):
    with pytest.raises(Refused) as refused:
        sessions().verify(token)

    assert refused.value.problem.status == 401
    assert refused.value.problem.message == "Unauthorized"
    assert "emailpass" in str(refused.value.problem.details["needs"])


@pytest.mark.parametrize(
    "claims",
    [
        {**CLAIMS, "exp": NOW - 29},
        {**CLAIMS, "iat": NOW + 29},
        {**CLAIMS, "nbf": NOW + 29},
        {**CLAIMS, "more": {"than": "we know"}},
    ],
)
def test_half_a_minute_of_clock_skew_and_unknown_claims_are_borne(claims):
    assert sessions().verify(signed(HEADER, claims)).admin == "admins/user_01JADMIN"


def test_a_remembered_token_ends_when_it_ends():
    now = [NOW]
    verifier = Sessions(Fixed(public_keys(KEY)), clock=lambda: now[0])
    verifier.verify(GOOD)

    now[0] = NOW + 3540 + 31

    with pytest.raises(Refused):
        verifier.verify(GOOD)


def test_a_remembered_token_is_refused_once_its_key_is_removed():
    keys = Replaceable(public_keys(KEY))
    sessions = Sessions(keys, clock=lambda: NOW)
    sessions.verify(GOOD)

    keys.held = public_keys(OTHER_KEY)

    with pytest.raises(Refused) as refused:
        sessions.verify(GOOD)
    assert refused.value.problem.status == 401


def test_a_remembered_token_is_refused_once_its_key_has_expired(monkeypatch):
    kid = KEY.thumbprint()
    keys = PublicKeys({kid: PublicKey(KEY, expires=NOW)})
    monkeypatch.setattr(time, "time", lambda: NOW)
    sessions = Sessions(Fixed(keys), clock=lambda: NOW)
    sessions.verify(GOOD)

    monkeypatch.setattr(time, "time", lambda: NOW + 1)

    with pytest.raises(Refused):
        sessions.verify(GOOD)


def test_a_remembered_token_is_verified_again_when_the_keys_are_read_again():
    """A key file may give an old id to another key."""
    keys = Replaceable(public_keys(KEY))
    sessions = Sessions(keys, clock=lambda: NOW)
    sessions.verify(GOOD)

    keys.held = PublicKeys({KEY.thumbprint(): PublicKey(OTHER_KEY)})

    with pytest.raises(Refused):
        sessions.verify(GOOD)


@settings(max_examples=2000, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_no_byte_of_a_token_can_be_changed(place, byte):
    changed = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
    if changed == GOOD:
        return

    with pytest.raises(Refused):
        sessions().verify(changed)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=5000))
def test_no_bytes_break_the_reader(token):
    with pytest.raises(Refused):
        sessions().verify(token)


def test_a_remembered_token_is_not_decoded_again(monkeypatch):
    remembering = sessions()
    first = remembering.verify(GOOD)

    monkeypatch.setattr("gateway.identity.session_tokens.jwt.decode", None)

    assert remembering.verify(GOOD) == first


def test_no_spelling_of_the_signature_but_one_is_believed():
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    believed = 0
    for letter in alphabet:
        try:
            sessions().verify(GOOD[:-1] + bytes([letter]))
        except Refused:
            continue
        believed += 1

    assert believed == 1
