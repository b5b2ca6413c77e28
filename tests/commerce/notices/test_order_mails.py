"""The mail about an order: in the shopper's language, and only about what they bought."""

import asyncio
from email import message_from_bytes, policy

import pytest

from services.commerce.models import CustomerOrder
from services.commerce.notices.order_mails import order_mail
from tests.commerce.orders.test_checkout import complete, ready


def order(*, locale="", shop_locale="en-GB", shop="A shop", title="A shirt"):
    quote = {"product_title": title, "variant_title": "M"}
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    item = {"id": "cali_1", "variant_id": "v", "quantity": 2, "unit_price": 1250, "quote": quote}
    return CustomerOrder(
        display_id=12,
        email="zoe@example.com",
        currency_code="TND",
        total_minor=2500,
        content={
            "region_id": "reg_1",
            "currency_code": "TND",
            "locale": locale,
            "shop_locale": shop_locale,
            "shop_name": shop,
            "items": [item | times],
            "shipping_address": {"first_name": "Zoé", "address_1": "1 rue X", "city": "Y"},
        },
    )


def parts(mail):
    parsed = message_from_bytes(mail.as_bytes(), policy=policy.default)
    text, html = (parsed.get_body([kind]) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return parsed, text.get_content(), html.get_content()


def test_a_mail_says_what_was_bought_as_text_and_as_html():
    mail, text, html = parts(order_mail(order(), "souk@example.com", "note_1"))

    assert (mail["Subject"], mail["To"]) == ("A shop: your order 12", "zoe@example.com")
    assert mail["Message-ID"] == "<note_1@example.com>"
    for body in (text, html):
        assert all(part in body for part in ("A shirt (M)", "2.500 TND", "1 rue X", "Total"))


@pytest.mark.parametrize(
    ("locale", "shop_locale", "word", "direction"),
    [
        ("", "fr-FR", "commande", "ltr"),
        ("ar-TN", "fr-FR", "طلبكم", "rtl"),
        ("de-DE", "fr", "commande", "ltr"),
        ("de-DE", "nl", "order", "ltr"),
        ("", "", "order", "ltr"),
    ],
)
def test_a_mail_is_in_the_carts_language_or_the_shops_or_english(
    locale, shop_locale, word, direction
):
    found = order_mail(order(locale=locale, shop_locale=shop_locale), "souk@example.com", "note_1")

    mail, text, html = parts(found)

    assert word in mail["Subject"]
    assert word in text
    assert f'dir="{direction}"' in html


def test_nothing_in_an_order_is_html_or_another_header():
    nasty = "<script>alert(1)</script>"

    mail, _, html = parts(
        order_mail(order(title=nasty, shop="Shop\r\nBcc: x@example.com"), "s@example.com", "note_1")
    )

    assert nasty not in html
    assert "&lt;script&gt;" in html
    assert mail["Bcc"] is None


async def test_shoppers_of_two_shops_are_told_each_of_their_own_order(shopper, platform):
    mails = {}
    for tenant in ("paris", "hq"):
        shop = shopper(tenant)
        mails[tenant] = (await complete(shop, await ready(shop, 2)))["order"]
    numbers = {tenant: order["display_id"] for tenant, order in mails.items()}

    arrived = await _mails_about(platform, mails)

    for tenant, currency in (("paris", "EUR"), ("hq", "TND")):
        mail, text, _ = arrived[tenant]
        assert mail["To"] == "zoe@example.com"
        assert str(numbers[tenant]) in mail["Subject"]
        assert currency in text


async def _mails_about(platform, orders):
    """Waits for the mail about each order: it has the order's lines and its number."""
    async with asyncio.timeout(20):
        while True:
            found = {}
            for path in sorted(platform.topology.mail.glob("*.eml")):
                mail = message_from_bytes(path.read_bytes(), policy=policy.default)
                if not mail.is_multipart():  # it is about an admin's account
                    continue
                for tenant, order in orders.items():
                    code, number = order["currency_code"].upper(), f" {order['display_id']}"
                    if mail["Subject"].endswith(number) and code in parts(mail)[1]:
                        found[tenant] = parts(mail)
            if len(found) == len(orders):
                return found
            await asyncio.sleep(0.05)
