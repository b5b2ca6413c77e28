"""Customers' logins in two shops: limited, not told from nobody's, and set anew by mail."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from souk.commerce.v1 import store_customer_service_pb2 as pb
from sqlalchemy import delete, select

from services.commerce.customers import unknown_logins
from services.commerce.customers.attempts import Attempts
from services.commerce.customers.servicer import StoreCustomerServicer
from services.commerce.models import UnknownLogin
from services.commerce.notices.code_mails import reset_mail
from services.kernel.call.errors import Unauthenticated
from services.kernel.call.scope import Scope, bound
from services.kernel.data.tables import AuditLeaf
from tests.cluster import cluster  # noqa: F401 - a fixture
from tests.commerce.conftest import PASSWORD, bearer
from tests.commerce.customers.test_customers import address
from tests.tenant_registry.mailbox import mail_to, message_to, text_of, token_in

LOGIN = "/auth/customer/emailpass"
WRONG = "wrong"
NEWER = "a longer password of one's own"
METHOD = "souk.commerce.v1.StoreCustomerService/Login"


async def tries(shop, email, password=WRONG, *, number=1):
    """Tries to log in; returns the status and the code of each try."""
    body = {"email": email, "password": password}
    answers = [await shop.send("POST", LOGIN, body) for _ in range(number)]
    return [(answer.status_code, answer.json().get("code")) for answer in answers]


async def forgotten(shop, email, provider="emailpass"):
    """Asks for a new password, as somebody who has forgotten theirs; returns the whole answer."""
    path = f"/auth/customer/{provider}/reset-password"
    answer = await shop.send("POST", path, {"identifier": email})
    return answer.status_code, answer.text


async def mailed(platform, shop, email, *, number=1):
    assert (await forgotten(shop, email))[0] == 201
    return token_in(await mail_to(platform, email, number=number))


async def sets(shop, token, password=NEWER):
    answer = await shop.send(
        "POST", f"{LOGIN}/update", {"password": password}, headers=bearer(token)
    )
    return answer.status_code, answer.json().get("code")


async def test_ten_guesses_at_an_address_are_enough_in_each_shop(paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        known = (await shop.account()).customer["email"]
        await elsewhere.account(known)
        for email in (known, address()):
            guesses = await tries(shop, email, number=11)
            assert guesses == [(401, "CREDENTIALS_INVALID")] * 10 + [(429, "LOGIN_LIMITED")]
        assert await tries(shop, known, PASSWORD) == [(429, "LOGIN_LIMITED")]
        assert await tries(elsewhere, known, PASSWORD) == [(200, None)]


async def test_a_success_forgets_the_guesses_before_it(paris, hq):
    for shop in (paris, hq):
        email = (await shop.account()).customer["email"]
        for _ in range(2):
            assert len(set(await tries(shop, email, number=9))) == 1
            assert await tries(shop, email, PASSWORD) == [(200, None)]


async def test_a_failed_login_is_an_event_of_the_account_and_counted_of_nobody(paris, hq, database):
    rows = await database("commerce", "superuser")
    counted = (
        "SELECT coalesce(sum(number), 0) FROM unknown_login WHERE tenant_id = $1 AND method = $2"
    )
    for shop, tenant in ((paris, "paris"), (hq, "hq")):
        email = (await shop.account()).customer["email"]
        before = await rows.fetchval(counted, tenant, METHOD)
        of_account = await shop.send("POST", LOGIN, {"email": email, "password": "wrong"})
        of_nobody = await shop.send("POST", LOGIN, {"email": address(), "password": "wrong"})

        assert of_account.json() | {"request_id": ""} == of_nobody.json() | {"request_id": ""}
        assert "x-audit-event" not in {*of_account.headers, *of_nobody.headers}
        after = await rows.fetchval(counted, tenant, METHOD)
        assert after == before + 1 or after == 1  # a minute may have ended in between


async def test_a_forgotten_password_is_set_anew_once(platform, paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        email = (await shop.account()).customer["email"]
        await elsewhere.account(email)
        token = await mailed(platform, shop, email)

        assert await sets(elsewhere, token) == (401, "RESET_TOKEN_INVALID")
        assert await sets(shop, token, "short") == (400, "PASSWORD_INVALID")
        at_once = await asyncio.gather(sets(shop, token), sets(shop, token))
        assert sorted(at_once) == [(200, None), (401, "RESET_TOKEN_INVALID")]
        assert await sets(shop, token) == (401, "RESET_TOKEN_INVALID")
        assert await tries(shop, email, PASSWORD) == [(401, "CREDENTIALS_INVALID")]
        assert await tries(shop, email, NEWER) == [(200, None)]
        assert await tries(elsewhere, email, PASSWORD) == [(200, None)]


async def test_only_the_last_token_that_was_mailed_is_good(platform, paris, hq):
    for shop in (paris, hq):
        email = (await shop.account()).customer["email"]
        first = await mailed(platform, shop, email)
        second = await mailed(platform, shop, email, number=2)

        assert await sets(shop, first) == (401, "RESET_TOKEN_INVALID")
        assert await sets(shop, second) == (200, None)


async def test_whether_an_address_is_known_is_not_told(platform, paris, hq):
    for shop in (paris, hq):
        known, unknown = (await shop.account()).customer["email"], address()
        answers = [await forgotten(shop, email) for email in (known, unknown)]
        others = [await forgotten(shop, known, "google"), await forgotten(shop, unknown, "google")]
        assert {*answers, *others} == {(201, '{"success":true}')}
        await mail_to(platform, known)
        mails = [path.read_bytes() for path in platform.topology.mail.glob("*.eml")]
        assert not any(unknown.encode() in mail for mail in mails)
        for email in (known, unknown):
            limited = [(await forgotten(shop, email))[0] for _ in range(5)]
            assert limited == [201] * 4 + [429]


async def test_a_mail_is_in_the_shops_language_as_text_and_as_html(platform, paris, hq):
    for shop in (paris, hq):  # both speak French
        email = (await shop.account()).customer["email"]
        token = await mailed(platform, shop, email)
        mail = await message_to(platform, email)
        assert "mot de passe" in mail["Subject"]
        assert f"{token}</code>" in text_of(mail, "html")


@pytest.mark.parametrize("locale", ["en", "fr-TN", "AR", "xx", ""])
def test_a_mail_says_its_shop_and_nothing_of_it_is_markup(locale):
    mail = reset_mail(locale, "<b>Zoé &\r\n Co</b>", "souk_x_1")

    assert "<b>Zoé & Co</b>" in mail.subject
    assert "souk_x_1" in mail.text
    assert "<b>" not in mail.html
    assert ('dir="rtl"' in mail.html) == (locale == "AR")
    assert "{" not in mail.subject + mail.text + mail.html


async def test_a_token_is_renewed_for_the_same_customer(paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        customer = await shop.account()

        renewed = (await customer.post("/auth/token/refresh"))["token"]

        own = await shop.send("GET", "/store/customers/me", headers=bearer(renewed))
        assert own.json()["customer"]["id"] == customer.customer["id"]
        foreign = await elsewhere.send("POST", "/auth/token/refresh", headers=bearer(renewed))
        assert foreign.status_code == 401
        assert (await shop.refused("POST", "/auth/token/refresh"))[0] == 401


async def test_a_token_from_before_the_customer_is_renewed_with_it(paris, hq):
    for shop in (paris, hq):
        login = {"email": address(), "password": PASSWORD}
        early = bearer((await shop.post(f"{LOGIN}/register", login))["token"])
        await shop.post("/store/customers", {"email": login["email"]}, headers=early)

        late = bearer((await shop.post("/auth/token/refresh", headers=early))["token"])

        for token, status in ((early, 401), (late, 200)):
            answer = await shop.send("GET", "/store/customers/me", headers=token)
            assert answer.status_code == status


async def test_a_new_password_ends_all_sessions_of_the_account(platform, paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        customer, other = await shop.account(), await shop.account()
        email = customer.customer["email"]
        foreign = await elsewhere.account(email)
        login = await shop.post(LOGIN, {"email": email, "password": PASSWORD})
        again = replace(shop, headers=shop.headers | bearer(login["token"]))

        assert await sets(shop, await mailed(platform, shop, email)) == (200, None)

        for ended in (customer, again):
            for method, path in (
                ("GET", "/store/customers/me"),
                ("POST", "/auth/token/refresh"),
                ("POST", "/store/carts"),
            ):
                assert (await ended.send(method, path)).status_code == 401
        for one in (other, foreign):
            assert (await one.send("GET", "/store/customers/me")).status_code == 200


@pytest.fixture
async def doors(cluster):  # noqa: F811
    async with cluster.doors("commerce") as opened:
        async with opened.housekeeping() as session:
            for table in (UnknownLogin, AuditLeaf):
                await session.execute(delete(table))
        yield opened


async def test_many_refusals_about_nobody_become_one_event_of_their_tenant(doors):
    for tenant, times in (("paris", 30), ("lyon", 2)):
        with bound(Scope(tenant, "shoppers/-", frozenset(), address="192.0.2.1"), METHOD):
            for _ in range(times):
                await unknown_logins.count_refusal(doors, "CREDENTIALS_INVALID")

    for _ in range(2):
        await unknown_logins.seal(doors)

        async with doors.housekeeping() as session:
            leaves = (await session.scalars(select(AuditLeaf))).all()
        events = {leaf.tenant_id: json.loads(leaf.envelope) for leaf in leaves}
        assert {name: event["times"] for name, event in events.items()} == {"paris": 30, "lyon": 2}
        assert {event["outcome"] for event in events.values()} == {"DENIED"}
        assert events["lyon"]["resource"] == "tenants/lyon/identities/unknown"
        assert len(leaves) == 2


async def test_a_password_for_nobody_is_checked_like_one_for_somebody(doors):
    """Or the time of the answer would tell whose address is known."""
    checked = []

    class Checks:
        async def match(self, stored, password):
            checked.append((stored, password))
            return False

    passwords: Any = Checks()
    nothing: Any = None
    servicer = StoreCustomerServicer(doors, passwords, nothing, nothing, Attempts(doors))
    for tenant in ("paris", "lyon"):
        request = pb.LoginRequest(parent=f"tenants/{tenant}", email=address(), password=WRONG)
        shopper, refused = Scope(tenant, "shoppers/-", frozenset()), pytest.raises(Unauthenticated)
        with bound(shopper, METHOD), refused:
            await servicer.Login(request, None)

    assert checked == [(None, WRONG)] * 2
