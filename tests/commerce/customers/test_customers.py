"""Customers over HTTP: an account, its tokens, and what it says of itself."""

import uuid

import pytest

TENANTS = ("paris", "hq")
PASSWORD = "correct-horse-battery-staple"


def address():
    return f"{uuid.uuid4().hex}@example.com"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


async def registered(shop, email):
    body = {"email": email, "password": PASSWORD}
    return (await shop.post("/auth/customer/emailpass/register", body))["token"]


async def logged_in(shop, email):
    body = {"email": email, "password": PASSWORD}
    return (await shop.post("/auth/customer/emailpass", body))["token"]


async def customer(shop, email, **more):
    """Makes an account; returns the customer and a token of theirs."""
    token = await registered(shop, email)
    made = await shop.post("/store/customers", {"email": email, **more}, headers=bearer(token))
    return made["customer"], await logged_in(shop, email)


async def tried(shop, method, path, body=None, token=None):
    answer = await shop.send(method, path, body, headers=bearer(token) if token else {})
    return answer.status_code, answer.json().get("code")


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_shopper_registers_logs_in_and_is_known(shopper, tenant):
    shop, email = shopper(tenant), address()

    made, token = await customer(shop, email, first_name="Zoé", phone="+33 1")
    answer = await shop.send("GET", "/store/customers/me?fields=*orders", headers=bearer(token))

    assert answer.json()["customer"] == made
    assert (made["email"], made["first_name"], made["last_name"]) == (email, "Zoé", None)
    assert made["id"].startswith("cus_")


async def test_the_same_address_is_a_customer_of_each_shop(paris, hq):
    email = address()
    own, token = await customer(paris, email)
    other, others = await customer(hq, email.upper())

    assert (own["email"], other["email"]) == (email, email)
    assert own["id"] != other["id"]
    for shop, good, bad in ((paris, token, others), (hq, others, token)):
        assert (await tried(shop, "GET", "/store/customers/me", token=good))[0] == 200
        for method, path, body in (
            ("GET", "/store/customers/me", None),
            ("POST", "/store/customers/me", {"first_name": "X"}),
            ("POST", "/store/customers", {"email": email}),
            ("POST", "/store/carts", {}),
        ):
            refused = await tried(shop, method, path, body, bad)
            assert refused == (401, "UNAUTHENTICATED"), path


async def test_a_stranger_is_told_so_and_leaves_no_event(paris, hq):
    for shop in (paris, hq):
        forged = (await registered(shop, address()))[:-3] + "AAA"
        for token in (None, "x", "a.b.c", forged):
            headers = bearer(token) if token else {}
            answer = await shop.send("GET", "/store/customers/me", headers=headers)
            assert (answer.status_code, answer.json()["message"]) == (401, "Unauthorized")
            assert "x-audit-event" not in answer.headers


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_token_from_before_the_customer_makes_one_and_no_more(shopper, tenant):
    shop, email = shopper(tenant), address()
    early = await registered(shop, email)

    assert (await tried(shop, "GET", "/store/customers/me", token=early))[0] == 401
    for other in (address(), ""):
        refused = await tried(shop, "POST", "/store/customers", {"email": other}, early)
        assert refused == (400, "EMAIL_MISMATCH")
    assert (await tried(shop, "POST", "/store/customers", {"email": email}, early))[0] == 200
    again = await tried(shop, "POST", "/store/customers", {"email": email}, early)
    late = await logged_in(shop, email)
    known = await tried(shop, "POST", "/store/customers", {"email": email}, late)
    assert (again, known) == ((409, "CUSTOMER_EXISTS"), (400, "ALREADY_AUTHENTICATED"))


async def test_a_wrong_password_is_refused_like_an_unknown_address(paris, hq):
    for shop in (paris, hq):
        email = address()
        await registered(shop, email)
        answers = [
            await shop.send(
                "POST", "/auth/customer/emailpass", {"email": one, "password": password}
            )
            for one, password in ((email, "wrong"), (address(), PASSWORD), (email, ""))
        ]
        assert {(a.status_code, a.json()["code"]) for a in answers} == {
            (401, "CREDENTIALS_INVALID")
        }
        known = {"email": f" {email.upper()}", "password": PASSWORD}
        answer = await shop.send("POST", "/auth/customer/emailpass/register", known)
        assert (answer.status_code, answer.json()["message"]) == (
            401,
            "Identity with email already exists",
        )


@pytest.mark.parametrize(
    ("email", "password", "code"),
    [
        ("nobody", PASSWORD, "FIELD_INVALID"),
        ("a@example.com", "short", "PASSWORD_INVALID"),
        ("somebody.long@example.com", "somebody.long@example.com", "PASSWORD_INVALID"),
    ],
)
async def test_bad_registrations_are_refused_by_name(paris, hq, email, password, code):
    for shop in (paris, hq):
        body = {"email": email, "password": password}
        assert await shop.refused("POST", "/auth/customer/emailpass/register", body) == (400, code)


@pytest.mark.parametrize("tenant", TENANTS)
async def test_a_customer_changes_what_is_theirs_and_not_the_address(shopper, tenant):
    shop = shopper(tenant)
    made, token = await customer(shop, address(), first_name="Zoé", metadata={"a": 1, "b": 2})
    body = {"last_name": "Diop", "first_name": None, "metadata": {"a": "", "c": 3}}

    answer = await shop.send("POST", "/store/customers/me", body, headers=bearer(token))
    changed = answer.json()["customer"]
    same = (await shop.post("/store/customers/me", body, headers=bearer(token)))["customer"]
    refused = await tried(shop, "POST", "/store/customers/me", {"email": address()}, token)

    assert (changed["first_name"], changed["last_name"]) == (None, "Diop")
    assert changed["metadata"] == {"b": 2, "c": 3}
    assert same == changed
    assert answer.headers["x-audit-event"].startswith(f"tenants/{tenant}/events/")
    assert (made["first_name"], refused) == ("Zoé", (400, "REQUEST_INVALID"))


async def test_a_cart_of_a_customer_is_theirs_alone(paris, hq):
    for shop in (paris, hq):
        _, token = await customer(shop, address())
        _, others = await customer(shop, address())
        cart = (await shop.post("/store/carts", {}, headers=bearer(token)))["cart"]
        path = f"/store/carts/{cart['id']}"

        assert (await tried(shop, "GET", path, token=token))[0] == 200
        for stranger in (others, None):
            assert await tried(shop, "GET", path, token=stranger) == (404, "CART_NOT_FOUND")
        assert (await tried(shop, "GET", path, token="nonsense"))[0] == 401
