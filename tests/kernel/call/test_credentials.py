"""The signed scope: what is accepted, and that nothing else is."""

import json
import time
from base64 import urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from services.kernel.call.credentials import LIFETIME_SECONDS, Caller, Signer, Verifier
from services.kernel.call.errors import PermissionDenied, Unauthenticated
from services.kernel.call.scope import Scope
from services.kernel.process.secret_files import Fixed
from services.kernel.process.signing_keys import PublicKey, PublicKeys, public_keys
from tests.secret_files import Replaceable

PARIS = Scope("paris", "admins/user_1", frozenset({"listing:write"}), currency="EUR")
LYON = Scope(
    "lyon",
    "admins/user_2",
    frozenset({"listing:read"}),
    currency="EUR",
    session="ses_1",
    address="192.0.2.1",
    user_agent="curl/8",
    tenant_state="archived",
    withheld=frozenset({"listing:write"}),
)
GATEWAY, SERVICE = OKPKey.generate_key("Ed25519"), OKPKey.generate_key("Ed25519")
CALLERS = {
    "gateway": Caller(public_keys(GATEWAY), frozenset("*")),
    "catalog-opt-in": Caller(public_keys(SERVICE), frozenset({"event:record"})),
}


def signer(name="gateway", key=GATEWAY):
    return Signer(name, key.as_pem(private=True).decode())


def verifier(audience="catalog-opt-in"):
    return Verifier(Fixed(CALLERS), audience)


def token(key=GATEWAY, header=None, **claims):
    now = int(time.time())
    good = {
        "iss": "gateway",
        "aud": "catalog-opt-in",
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "tid": "paris",
        "cur": "EUR",
        "sub": "admins/user_1",
        "perms": ["listing:write"],
    }
    merged = {name: value for name, value in (good | claims).items() if value is not ...}
    head = {"alg": "Ed25519", "typ": "souk-scope+jwt"} | (header or {})
    return jwt.encode(head, merged, key, ["Ed25519", "HS256"])


def test_each_tenants_scope_comes_back_as_it_was_signed():
    sign, verify = signer(), verifier()

    read = [verify.verify(sign.sign(scope, "catalog-opt-in")) for scope in (PARIS, LYON)]

    assert read == [PARIS, LYON]


def test_a_scope_is_signed_once_in_a_while_and_never_for_another_tenant():
    sign = signer()

    first, again = sign.sign(PARIS, "audit"), sign.sign(PARIS, "audit")

    assert first == again
    assert sign.sign(replace(PARIS, tenant=LYON.tenant), "audit") != first
    assert sign.sign(replace(PARIS, actor="admins/somebody-else"), "audit") != first
    assert sign.sign(PARIS, "catalog-opt-in") != first


@pytest.mark.parametrize(
    "wrong",
    [
        token(aud="audit"),
        token(aud=["catalog-opt-in"]),
        token(aud=...),
        token(iss="nobody"),
        token(iss=...),
        token(iss=["gateway"]),
        token(exp=int(time.time()) - 60, iat=int(time.time()) - 65),
        token(exp=int(time.time()) + 3600),
        token(iat=int(time.time()) + 3600, exp=int(time.time()) + 3605),
        token(exp=...),
        token(iat="soon"),
        token(perms=...),
        token(perms=7),
        token(sub=...),
        token(tid=...),
        token(header={"typ": "at+jwt"}),
        token(header={"typ": "JWT"}),
        token(key=OKPKey.generate_key("Ed25519")),
        token(key=SERVICE),
        token(key=OctKey.import_key("a secret of 32 bytes, or so it is"), header={"alg": "HS256"}),
        "",
        "a.b",
        "....",
        "é.é.é",
        "x" * 5000,
    ],
)
def test_a_scope_that_is_wrong_in_any_way_is_refused_in_the_same_words(wrong):
    with pytest.raises(Unauthenticated, match="The call carries no valid scope"):
        verifier().verify(wrong)


def test_a_scope_signed_with_no_algorithm_is_refused():
    def part(value):
        return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    _, body, _ = token().split(".")

    with pytest.raises(Unauthenticated):
        verifier().verify(f"{part({'alg': 'none', 'typ': 'souk-scope+jwt'})}.{body}.")


def test_a_remembered_scope_is_refused_once_it_has_expired(monkeypatch):
    verify, good = verifier(), token()
    verify.verify(good)

    later = time.monotonic() + 16
    monkeypatch.setattr(time, "monotonic", lambda: later)
    monkeypatch.setattr(
        time, "time", lambda: 0.0
    )  # set back meanwhile: it lives no longer for that

    with pytest.raises(Unauthenticated):
        verify.verify(good)


@pytest.mark.parametrize(
    "now_trusted",
    [
        {"catalog-opt-in": CALLERS["catalog-opt-in"]},
        CALLERS | {"gateway": Caller(public_keys(SERVICE), frozenset("*"))},
    ],
    ids=["its caller is gone", "its key is replaced"],
)
def test_a_remembered_scope_is_refused_once_its_key_is_gone(now_trusted):
    callers, good = Replaceable(CALLERS), token()
    verify = Verifier(callers, "catalog-opt-in")
    verify.verify(good)

    callers.held = now_trusted

    with pytest.raises(Unauthenticated):
        verify.verify(good)


def test_a_remembered_scope_is_refused_once_its_key_has_expired(monkeypatch):
    ends, good = time.time() + 5, token()
    keys = PublicKeys({GATEWAY.thumbprint(): PublicKey(GATEWAY, ends)})
    verify = Verifier(Fixed({"gateway": Caller(keys, frozenset("*"))}), "catalog-opt-in")
    verify.verify(good)

    monkeypatch.setattr(time, "time", lambda: ends + 1)

    with pytest.raises(Unauthenticated):
        verify.verify(good)


def test_a_remembered_scope_is_refused_once_its_caller_may_not_vouch_for_it():
    callers, good = Replaceable(CALLERS), token()
    verify = Verifier(callers, "catalog-opt-in")
    verify.verify(good)

    callers.held = {"gateway": Caller(public_keys(GATEWAY), frozenset({"event:record"}))}

    with pytest.raises(PermissionDenied):
        verify.verify(good)


def test_a_caller_vouches_only_for_what_it_is_registered_for():
    own = {"key": SERVICE, "iss": "catalog-opt-in", "sub": "services/catalog-opt-in"}
    may = token(**own, perms=["event:record"])
    may_not = token(**own, perms=["event:record", "listing:write"])

    assert verifier().verify(may).permissions == {"event:record"}
    with pytest.raises(PermissionDenied) as refused:
        verifier().verify(may_not)
    assert refused.value.reason == "SCOPE_EXCEEDED"


@pytest.mark.parametrize("tenant", ["paris", "lyon", None])
@pytest.mark.parametrize("actor", ["services/tenant-registry", "admins/user_1", "", None])
def test_a_service_names_no_actor_but_itself(tenant, actor):
    known = {"iss": "catalog-opt-in", "tid": tenant, "sub": actor}
    with pytest.raises(PermissionDenied) as refused:
        verifier().verify(token(key=SERVICE, perms=["event:record"], **known))
    assert refused.value.reason == "SCOPE_EXCEEDED"


@given(position=st.integers(0, 10_000), letter=st.sampled_from("AQgw_-09z"))
def test_a_token_with_a_letter_changed_is_refused_or_says_the_same(position, letter):
    good = token()
    position %= len(good)
    changed = good[:position] + letter + good[position + 1 :]

    try:
        read = verifier().verify(changed)
    except Unauthenticated:
        return
    assert read == PARIS
