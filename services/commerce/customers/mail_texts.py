"""The texts of mails to customers, in the languages that there are; else in English."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    text: str
    html: str


_RESETS = {
    "en": (
        "Your password at {shop}",
        (
            "Someone, most likely you, asked for a new password at {shop}.",
            "With this code you can choose one, once, within 15 minutes:",
        ),
        "If it was not you, ignore this mail.",
    ),
    "fr": (
        "Votre mot de passe chez {shop}",
        (
            "Quelqu'un, vous sans doute, a demandé un nouveau mot de passe chez {shop}.",
            "Ce code vous permet d'en choisir un, une seule fois, dans les 15 minutes :",
        ),
        "Si ce n'était pas vous, ignorez ce message.",
    ),
    "ar": (
        "كلمة المرور الخاصة بك لدى {shop}",
        (
            "طلب أحدهم، على الأرجح أنت، كلمة مرور جديدة لدى {shop}.",
            "بهذا الرمز يمكنك اختيارها مرة واحدة خلال 15 دقيقة:",
        ),
        "إذا لم تكن أنت من طلب ذلك، فتجاهل هذه الرسالة.",
    ),
}


_TRANSFERS = {
    "en": (
        "Your order {order} at {shop}",
        (
            "A customer of {shop} asks to have your order {order} in their account.",
            "If that is you, this code hands it over:",
        ),
        "If it was not you, ignore this mail: your order stays as it is.",
    ),
    "fr": (
        "Votre commande {order} chez {shop}",
        (
            "Un client de {shop} demande que votre commande {order} soit rattachée à son compte.",
            "Si c'est vous, ce code la lui remet :",
        ),
        "Si ce n'était pas vous, ignorez ce message : votre commande reste comme elle est.",
    ),
    "ar": (
        "طلبك رقم {order} لدى {shop}",
        (
            "طلب أحد عملاء {shop} نقل طلبك رقم {order} إلى حسابه.",
            "إذا كنت أنت، فهذا الرمز ينقله:",
        ),
        "إذا لم تكن أنت، فتجاهل هذه الرسالة ويبقى طلبك كما هو.",
    ),
}


def reset_mail(locale: str, shop: str, token: str) -> Mail:
    return _with_code(_RESETS, locale, token, shop=shop)


def transfer_mail(locale: str, shop: str, display_id: int, token: str) -> Mail:
    return _with_code(_TRANSFERS, locale, token, shop=shop, order=str(display_id))


def _with_code(
    texts: Mapping[str, tuple[str, tuple[str, ...], str]], locale: str, token: str, **names: str
) -> Mail:
    """Makes a mail around a code: what it is for before it, and what else there is to say after."""
    language = locale.partition("-")[0].lower()
    language = language if language in texts else "en"
    # In one line: a subject has no other.
    names = {key: " ".join(name.split()) for key, name in names.items()}
    subject, before, after = texts[language]
    lines = [line.format(**names) for line in before]
    text = "\n\n".join([*lines, token, after]) + "\n"
    direction = "rtl" if language == "ar" else "ltr"
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines)
    html = (
        f'<!doctype html><html lang="{language}" dir="{direction}"><body>{paragraphs}'
        f'<p dir="ltr"><code>{escape(token)}</code></p><p>{escape(after)}</p></body></html>'
    )
    return Mail(subject.format(**names), text, html)
