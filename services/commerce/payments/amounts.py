"""Amounts as Stripe counts them, which for some currencies is not in ISO 4217's smallest unit."""

_BY_DIGITS = {
    0: "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD OMR TND",
}
_DIGITS = {code: digits for digits, codes in _BY_DIGITS.items() for code in codes.split()}


def stripe_amount(minor: int, digits: int, currency_code: str) -> int | None:
    """Returns what Stripe is told to charge for an amount, or None if it cannot charge just that.

    `digits` are those that the currency has after its point by ISO 4217. Of thousandths Stripe
    takes whole hundredths only, and an amount is never rounded: shoppers pay what they were shown.
    """
    charged = _DIGITS.get(currency_code, 2)
    amount, rest = divmod(minor * 10**charged, 10**digits)
    step = 10 if charged == 3 else 1
    return None if rest or amount % step else amount
