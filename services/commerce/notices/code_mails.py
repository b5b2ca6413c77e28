"""Mails with a code, which whoever reads the mailbox may use."""

from services.commerce.notices.mails import Mail, written


def reset_mail(locale: str, shop: str, token: str) -> Mail:
    """Writes the mail with which a customer sets a new password."""
    return written("password_reset", "code", [locale], names={"shop": shop}, token=token)


def transfer_mail(locale: str, shop: str, display_id: int, token: str) -> Mail:
    """Writes the mail with which a guest hands an order over to a customer's account."""
    names = {"shop": shop, "number": str(display_id)}
    return written("order_transfer", "code", [locale], names=names, token=token)
