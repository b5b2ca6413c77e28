"""The mail that tells a shopper that their order was placed."""

from decimal import Decimal
from email.message import EmailMessage

from services.commerce.carts.content import CartContent
from services.commerce.models import CustomerOrder
from services.commerce.notices.mails import written
from services.kernel.mail.senders import compose
from services.values.money import digits


def order_mail(order: CustomerOrder, sender: str, notice_id: str) -> EmailMessage:
    """Makes the mail about an order; a repeated one has the same Message-ID."""
    content = CartContent.model_validate(order.content)
    mail = written(
        "order_placed",
        "order_placed",
        [content.locale, content.shop_locale],
        names={"shop": content.shop_name, "number": str(order.display_id)},
        items=[
            {
                "title": item.quote.product_title,
                "variant": item.quote.variant_title,
                "quantity": item.quantity,
                "price": _money(item.unit_price * item.quantity, order.currency_code),
            }
            for item in content.items
        ],
        total=_money(order.total_minor, order.currency_code),
        address=content.shipping_address,
    )
    message = compose(sender, order.email, mail.subject, mail.text, mail.html)
    message.replace_header("Message-ID", f"<{notice_id}@{sender.partition('@')[2]}>")
    return message


def _money(amount_minor: int, currency: str) -> str:
    places = digits(currency)
    return f"{Decimal(amount_minor).scaleb(-places):.{places}f} {currency}"
