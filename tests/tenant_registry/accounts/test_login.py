"""Logins with a password, and what failed ones reveal."""

import time
import uuid
from unicodedata import normalize

import pytest
from argon2 import PasswordHasher
from joserfc import jwt
from joserfc.jwk import OKPKey
from souk.audit.v1.audit_service_pb2 import Event
from souk.tenant_registry.v1 import access_service_pb2 as pb
from souk.tenant_registry.v1.access_service_pb2_grpc import AccessServiceStub

from services.kernel.call.errors import InvalidArgument, PermissionDenied, Unauthenticated

RIGHT = "right"


async def log_in(access, email, password=RIGHT):
    return await access.Login(pb.LoginRequest(email=email, password=password))


async def test_a_session_says_who_and_for_how_long_and_nothing_of_rights(
    access, new_admin, platform
):
    admin, email = await new_admin()
    key = OKPKey.import_key((platform.secrets / "session.key").read_text())

    answer = await log_in(access, email)
    token = jwt.decode(answer.access_token, key, ["Ed25519"])

    assert answer.admin.name == f"admins/{admin}"
    assert token.header["typ"] == "at+jwt"
    assert token.claims.keys() == {"iss", "aud", "sub", "sid", "actor_type", "jti", "iat", "exp"}
    assert (token.claims["iss"], token.claims["aud"]) == ("souk", "souk-admin")
    assert (token.claims["sub"], token.claims["actor_type"]) == (admin, "user")
    assert token.claims["exp"] - token.claims["iat"] == 3600
    assert answer.expire_time.seconds == token.claims["exp"]
    assert abs(token.claims["iat"] - time.time()) < 10


async def test_an_email_is_read_in_any_case_and_without_the_space_around_it(access, new_admin):
    admin, email = await new_admin()

    answer = await log_in(access, f"  {email.upper()}\n")

    assert (answer.admin.name, answer.admin.email) == (f"admins/{admin}", email)


async def test_an_email_and_a_password_are_read_however_their_letters_are_composed(
    access, new_admin
):
    password = "a password with crème"
    _, other = await new_admin()
    admin, email = await new_admin(
        email=f"rené.{uuid.uuid4().hex}@paris.example", password=password
    )

    answer = await log_in(access, normalize("NFD", email), normalize("NFD", password))

    assert answer.admin.name == f"admins/{admin}"
    with pytest.raises(Unauthenticated):
        await log_in(access, other, password)


async def test_an_admin_who_may_not_log_in_learns_nothing_of_why(access, new_admin):
    _, known = await new_admin()
    _, other = await new_admin(password="another one")
    _, deactivated = await new_admin(deactivated=True)
    refusals = set()

    for email, password in (
        (known, "wrong"),
        (other, "right"),
        ("nobody@paris.example", "right"),
        (deactivated, "right"),
        ("no e-mail at all", "right"),
    ):
        with pytest.raises(Unauthenticated) as refusal:
            await log_in(access, email, password)
        refusals.add((refusal.value.reason, refusal.value.message, *refusal.value.metadata))

    assert refusals == {("CREDENTIALS_INVALID", "Invalid email or password")}


async def test_an_unknown_email_takes_as_long_as_a_wrong_password(access, new_admin):
    _, known = await new_admin()
    took: dict[str, list[float]] = {known: [], "nobody@paris.example": []}

    for _ in range(9):
        for email, times in took.items():
            started = time.perf_counter()
            with pytest.raises(Unauthenticated):
                await log_in(access, email, "wrong")
            times.append(time.perf_counter() - started)

    # Without the hash of nobody's password it would be a tenth. The fastest of nine, since a busy
    # machine makes single attempts slow and none fast.
    wrong, unknown = (min(times) for times in took.values())
    assert 1 / 3 < unknown / wrong < 3


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [
        ("", "right", "email"),
        ("   ", "right", "email"),
        ("e" * 255, "right", "email"),
        ("admin@paris.example", "", "password"),
        ("admin@paris.example", "é" * 513, "password"),
    ],
)
async def test_an_impossible_login_is_refused_before_any_hashing(access, email, password, field):
    with pytest.raises(InvalidArgument) as refusal:
        await log_in(access, email, password)

    assert list(refusal.value.violations) == [field]


async def test_a_login_is_an_event_in_the_head_offices_log_without_the_email(
    access, new_admin, events_of, rows
):
    admin, email = await new_admin()
    with pytest.raises(Unauthenticated):
        await log_in(access, email, "wrong")
    await log_in(access, email)

    denied, event = await events_of("hq", number=2, resource=f"admins/{admin}")

    assert event.method == denied.method == "souk.tenant_registry.v1.AccessService/Login"
    assert (denied.outcome, denied.reason) == (Event.OUTCOME_DENIED, "CREDENTIALS_INVALID")
    assert denied.actor != f"admins/{admin}"
    assert (event.outcome, event.actor) == (Event.OUTCOME_DONE, f"admins/{admin}")
    assert email not in str(event) + str(denied)
    assert await rows.fetchval(
        "SELECT last_login_time FROM admin WHERE admin_id = $1 AND last_login_time > create_time",
        admin,
    )


async def test_a_hash_of_weaker_times_is_renewed_at_login(access, new_admin, rows):
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)
    admin, email = await new_admin(hasher=weak)
    other, _ = await new_admin(hasher=weak)
    stored = "SELECT password_hash FROM admin WHERE admin_id = $1"

    await log_in(access, email)

    assert (await rows.fetchval(stored, admin)).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert (await rows.fetchval(stored, other)).startswith("$argon2id$v=19$m=1024,t=1,p=1$")
    await log_in(access, email)


async def test_the_platform_alone_may_ask_for_a_login(scoped_stub, new_admin):
    _, email = await new_admin()

    for tenant in ("paris", "lyon"):
        inside = scoped_stub(
            AccessServiceStub, "tenant-registry", tenant=tenant, permissions={"session:create"}
        )
        with pytest.raises(PermissionDenied) as refusal:
            await log_in(inside, email)
        assert refusal.value.reason == "SCOPE_MISSING"
