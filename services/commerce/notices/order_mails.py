"""The mail that tells a shopper that their order was placed, in their language."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from services.commerce.carts.content import CartContent
from services.commerce.models import CustomerOrder
from services.kernel.mail.senders import compose
from services.values.money import digits

_HERE = Path(__file__).parent
_DEFAULT = "en"
_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def order_mail(order: CustomerOrder, sender: str, notice_id: str) -> EmailMessage:
    """Makes the mail about an order; a repeated one has the same Message-ID."""
    content = CartContent.model_validate(order.content)
    language, texts = _texts([content.locale, content.shop_locale])
    shop, number = content.shop_name, order.display_id
    values = {
        "language": language,
        "texts": texts,
        "shop": shop,
        "number": number,
        "items": [
            {
                "title": item.quote.product_title,
                "variant": item.quote.variant_title,
                "quantity": item.quantity,
                "price": _money(item.unit_price * item.quantity, order.currency_code),
            }
            for item in content.items
        ],
        "total": _money(order.total_minor, order.currency_code),
        "address": content.shipping_address,
    }
    mail = compose(
        sender,
        order.email,
        texts["subject"].format(shop=_one_line(shop), number=number),
        _ENVIRONMENT.get_template("order_placed.txt").render(values),
        _ENVIRONMENT.get_template("order_placed.html").render(values),
    )
    mail.replace_header("Message-ID", f"<{notice_id}@{sender.partition('@')[2]}>")
    return mail


def _texts(locales: list[str]) -> tuple[str, Mapping[str, str]]:
    """Returns the first language that there are texts in, and the texts."""
    languages = [locale.partition("-")[0].lower() for locale in locales if locale]
    known = _all_texts()
    language = next((language for language in languages if language in known), _DEFAULT)
    return language, known[language]


@cache
def _all_texts() -> Mapping[str, Mapping[str, str]]:
    files = (_HERE / "texts").glob("*.toml")
    return {file.stem: tomllib.loads(file.read_text())["order_placed"] for file in files}


def _money(amount_minor: int, currency: str) -> str:
    places = digits(currency)
    return f"{Decimal(amount_minor).scaleb(-places):.{places}f} {currency}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
