"""A customer's session in a browser's cookie: in one shop, and for requests of its own pages."""

from dataclasses import replace
from http.cookies import SimpleCookie

import pytest

from gateway.identity.session_cookies import COOKIE, CUSTOMERS
from tests.commerce.conftest import PASSWORD, bearer

SESSION = "/auth/session"
ME = "/store/customers/me"
REFUSED = (403, "ORIGIN_NOT_ALLOWED")


async def cookie_of(customer):
    """Exchanges a customer's token for a cookie."""
    answer = await customer.send("POST", SESSION)
    assert answer.status_code == 200, answer.text
    return SimpleCookie(answer.headers["set-cookie"])[CUSTOMERS].value


def browser(shop, cookie, **headers):
    """A browser with the cookie, on a page of the shop's own unless `Origin` says otherwise."""
    own = {"Cookie": f"a=b; {CUSTOMERS}={cookie}", "Origin": f"http://{shop.headers['Host']}"}
    named = {name: value for name, value in (own | headers).items() if value is not None}
    return replace(shop, headers=shop.headers | named)


async def test_a_customers_token_becomes_a_cookie_that_reads_writes_and_logs_out(paris, hq):
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        customer = await shop.account()
        await elsewhere.account(customer.customer["email"])

        answer = await customer.send("POST", SESSION)

        cookie = SimpleCookie(answer.headers["set-cookie"])[CUSTOMERS]
        assert (cookie["httponly"], cookie["secure"], cookie["path"]) == (True, True, "/")
        assert (cookie["domain"], cookie["samesite"]) == ("", "strict")
        assert 0 < int(cookie["max-age"]) <= 24 * 3600
        assert answer.json()["user"] | {"auth_identity_id": ""} == {
            "actor_id": customer.customer["id"],
            "actor_type": "customer",
            "auth_identity_id": "",
            "app_metadata": {"customer_id": customer.customer["id"]},
        }
        page = browser(shop, cookie.value)
        assert (await page.get(ME))["customer"]["id"] == customer.customer["id"]
        cart = await page.cart(1)
        assert cart["customer_id"] == customer.customer["id"]
        guests = await shop.cart(1)
        assert (await page.post(f"/store/carts/{guests['id']}/customer"))["cart"]["email"]
        out = await page.send("DELETE", SESSION)
        assert out.json() == {"success": True}
        [gone] = out.headers.get_list("set-cookie")
        assert gone.startswith(f"{CUSTOMERS}=")
        assert "Max-Age=0" in gone
        for ended in (page, customer):
            assert (await ended.refused("GET", ME))[0] == 401
            assert (await ended.refused("POST", "/store/carts"))[0] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
        {"Origin": "https://evil.impactnutrition.com"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": None, "Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_another_sites_page_does_nothing_with_the_cookie(paris, hq, headers):
    for shop in (paris, hq):
        customer = await shop.account()
        cart = await customer.cart(1)
        page = browser(shop, await cookie_of(customer), **headers)

        for method, path, body in (
            ("POST", ME, {"first_name": "X"}),
            ("POST", "/store/carts", {}),
            ("POST", f"/store/carts/{cart['id']}", {"email": "x@example.com"}),
            ("POST", f"/store/carts/{cart['id']}/complete", None),
            ("DELETE", f"/store/carts/{cart['id']}/line-items/{cart['items'][0]['id']}", None),
            ("DELETE", SESSION, None),
        ):
            assert await page.refused(method, path, body) == REFUSED
        assert (await customer.get(ME))["customer"]["first_name"] is None
        assert (await customer.get(f"/store/carts/{cart['id']}"))["cart"] == cart


async def test_a_read_is_refused_to_a_page_that_is_known_to_be_anothers(paris, hq):
    for shop in (paris, hq):
        cookie = await cookie_of(await shop.account())
        for headers, status in (
            ({"Origin": None}, 200),
            ({"Origin": None, "Sec-Fetch-Site": "same-origin"}, 200),
            ({"Origin": None, "Sec-Fetch-Site": "cross-site"}, 403),
            ({"Origin": None, "Sec-Fetch-Site": "same-site"}, 403),
            ({"Origin": "https://evil.example"}, 403),
        ):
            answer = await browser(shop, cookie, **headers).send("GET", ME)
            assert answer.status_code == status


async def test_in_another_shop_the_cookie_is_nobodys(paris, hq):
    """On one host there can be several shops, by their prefix or a header."""
    for shop, elsewhere in ((paris, hq), (hq, paris)):
        customer = await shop.account()
        await elsewhere.account(customer.customer["email"])
        page = browser(elsewhere, await cookie_of(customer))

        assert (await page.refused("GET", ME))[0] == 401
        assert (await page.cart(1))["customer_id"] is None
        own = await customer.cart(1)
        assert await page.refused("GET", f"/store/carts/{own['id']}") == (404, "CART_NOT_FOUND")


async def test_a_cookie_is_no_token_and_a_token_no_cookie(paris, hq):
    for shop in (paris, hq):
        customer = await shop.account()
        cookie = await cookie_of(customer)
        token = customer.headers["Authorization"].removeprefix("Bearer ")

        swapped = replace(shop, headers=shop.headers | bearer(cookie))
        assert (await swapped.refused("GET", ME))[0] == 401
        assert (await browser(shop, token).refused("GET", ME))[0] == 401
        assert (await browser(shop, token).refused("POST", "/store/carts"))[0] == 401
        for path in (SESSION, "/auth/token/refresh"):
            assert (await browser(shop, cookie).refused("POST", path))[0] == 401


async def test_beside_a_header_the_cookie_is_not_looked_at(paris, hq):
    for shop in (paris, hq):
        one, other = await shop.account(), await shop.account()
        page = browser(shop, await cookie_of(other), Origin="https://evil.example")
        both = replace(page, headers=page.headers | {"Authorization": one.headers["Authorization"]})

        assert (await both.get(ME))["customer"]["id"] == one.customer["id"]
        assert (await both.cart(1))["customer_id"] == one.customer["id"]
        wrong = replace(page, headers=page.headers | bearer("wrong"))
        assert (await wrong.refused("POST", "/store/carts"))[0] == 401


async def test_two_cookies_prove_nothing(paris, hq):
    for shop in (paris, hq):
        cookie = await cookie_of(await shop.account())

        for second in (cookie, "x"):
            page = browser(shop, f"{cookie}; {CUSTOMERS}={second}")
            assert (await page.refused("GET", ME))[0] == 401
            assert (await page.refused("POST", "/store/carts"))[0] == 401


async def test_logging_out_removes_the_cookie_of_a_session_that_has_ended(paris, hq):
    """Or a browser could not shop until the cookie has expired: no script can remove it."""
    for shop in (paris, hq):
        customer = await shop.account()
        page = browser(shop, await cookie_of(customer))
        await customer.send("DELETE", SESSION)
        assert (await page.refused("POST", "/store/carts"))[0] == 401

        out = await page.send("DELETE", SESSION)

        assert out.status_code == 200
        assert any(one.startswith(f"{CUSTOMERS}=") for one in out.headers.get_list("set-cookie"))


async def test_logging_in_again_replaces_the_cookie(paris, hq):
    for shop in (paris, hq):
        customer = await shop.account()
        first = await cookie_of(customer)
        login = {"email": customer.customer["email"], "password": PASSWORD}
        token = (await shop.post("/auth/customer/emailpass", login))["token"]

        second = await cookie_of(replace(shop, headers=shop.headers | bearer(token)))

        assert first != second
        await browser(shop, second).send("DELETE", SESSION)
        assert (await browser(shop, first).send("GET", ME)).status_code == 200
        assert (await browser(shop, second).refused("GET", ME))[0] == 401


async def test_an_admin_who_is_a_customer_too_is_logged_out_as_both(paris, platform):
    customer = await paris.account()
    login = {"email": platform.admin_email, "password": platform.admin_password}
    token = bearer((await paris.post("/auth/user/emailpass", login))["token"])
    admins = await paris.send("POST", SESSION, headers=token)
    admin_cookie = SimpleCookie(admins.headers["set-cookie"])[COOKIE].value
    cookie = f"{await cookie_of(customer)}; {COOKIE}={admin_cookie}"
    page = browser(paris, cookie)
    assert (await page.send("GET", "/admin/users/me")).status_code == 200

    out = await page.send("DELETE", SESSION)

    gone = {cookie.partition("=")[0] for cookie in out.headers.get_list("set-cookie")}
    assert (out.status_code, gone) == (200, {COOKIE, CUSTOMERS})
    assert (await page.refused("GET", ME))[0] == 401
    assert (await page.send("GET", "/admin/users/me")).status_code == 401
