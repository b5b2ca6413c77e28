"""Money without rounding: google.type.Money, whole minor units, and numbers in major units.

Internally money is always `amount_minor`, an integer of the currency's smallest unit (millimes for
TND, yen for JPY), with an upper-case ISO 4217 code. Amounts with finer fractions are refused.
"""

from decimal import Decimal

from google.type.money_pb2 import Money

from services.kernel.call.errors import InvalidArgument, invalid

# PostgreSQL's bigint.
MOST_MINOR = 2**63 - 1

# ISO 4217, the list of 2026, by digits after the decimal point. Codes that are not used for sales
# are left out: funds (CHE, UYI), metals, units of account and test codes.
_BY_DIGITS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF",
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
        CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD
        HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA
        MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN
        QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP
        TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
    """,
    3: "BHD IQD JOD KWD LYD OMR TND",
}
CURRENCIES: dict[str, int] = {
    code: digits for digits, codes in _BY_DIGITS.items() for code in codes.split()
}

_NANOS = 1_000_000_000


def digits(currency: str, *, field: str = "currency_code") -> int:
    """Returns how many digits a currency has after its decimal point.

    Raises:
        InvalidArgument: CURRENCY_UNKNOWN; codes are in upper case.
    """
    found = CURRENCIES.get(currency)
    if found is None:
        raise _refusal("CURRENCY_UNKNOWN", "must be an ISO 4217 code, for example TND", field)
    return found


def minor_units(money: Money, *, field: str = "price") -> int:
    """Converts a price to minor units, exactly.

    Raises:
        InvalidArgument: CURRENCY_UNKNOWN, PRICE_MALFORMED (nanos out of range, or of another sign
            than units), PRICE_NOT_POSITIVE, PRICE_TOO_PRECISE or PRICE_TOO_LARGE; `field` is named.
    """
    places = digits(money.currency_code, field=f"{field}.currency_code")
    if abs(money.nanos) >= _NANOS or money.units * money.nanos < 0:
        raise _refusal(
            "PRICE_MALFORMED", "must have nanos below one unit, with the sign of units", field
        )
    minor: int
    minor, finer = divmod(money.units * _NANOS + money.nanos, 10 ** (9 - places))
    if minor < 0 or (minor == 0 and not finer):
        raise _not_positive(field)
    if finer:
        raise _too_precise(places, field)
    if minor > MOST_MINOR:
        raise _too_large(places, field)
    return minor


def amount(major: Decimal, *, field: str = "price") -> Money:
    """Makes the amount of a price of a number in major units, such as 10.5; it has no currency yet.

    What depends on the currency is for minor_units to judge.

    Raises:
        InvalidArgument: PRICE_MALFORMED for NaN and the infinities, PRICE_NOT_POSITIVE,
            PRICE_TOO_PRECISE or PRICE_TOO_LARGE for what Money cannot hold.
    """
    if not major.is_finite():
        raise _refusal("PRICE_MALFORMED", "must be a finite number", field)
    if major <= 0:
        raise _not_positive(field)
    if major.adjusted() > 20:
        # Checked before its digits are written out: 1e999999999 is short, its digits are not.
        raise _too_large(0, field)
    _, figures, exponent = major.as_tuple()
    text = "".join(map(str, figures)).rstrip("0")
    shift = int(exponent) + len(figures) - len(text) + 9
    if shift < 0:
        rule = "must not have more decimal places than its currency"
        raise _refusal("PRICE_TOO_PRECISE", rule, field)
    units, nanos = divmod(int(text) * 10**shift, _NANOS)
    if units > MOST_MINOR:
        raise _too_large(0, field)
    return Money(units=units, nanos=nanos)


def money(amount_minor: int, currency: str) -> Money:
    """Converts minor units to the contract's Money."""
    scale = 10 ** digits(currency)
    units, rest = divmod(abs(amount_minor), scale)
    sign = -1 if amount_minor < 0 else 1
    return Money(currency_code=currency, units=sign * units, nanos=sign * rest * (_NANOS // scale))


def major(amount_minor: int, currency: str) -> Decimal:
    """Returns an amount in major units, exactly: 189900 for TND is 189.900."""
    sign, figures = int(amount_minor < 0), tuple(map(int, str(abs(amount_minor))))
    return Decimal((sign, figures, -digits(currency)))


def json_number(amount_minor: int, currency: str) -> str:
    """Writes an amount in major units as a short, exact JSON number: 189900 for TND is 189.9."""
    places = digits(currency)
    units, rest = divmod(abs(amount_minor), 10**places)
    fraction = f".{rest:0{places}d}".rstrip("0") if rest else ""
    return f"{'-' if amount_minor < 0 else ''}{units}{fraction}"


def _too_precise(places: int, field: str) -> InvalidArgument:
    return _refusal("PRICE_TOO_PRECISE", f"must have at most {places} decimal places", field)


def _not_positive(field: str) -> InvalidArgument:
    return _refusal("PRICE_NOT_POSITIVE", "must be greater than zero", field)


def _too_large(places: int, field: str) -> InvalidArgument:
    most = Decimal(MOST_MINOR).scaleb(-places)
    return _refusal("PRICE_TOO_LARGE", f"must be at most {most}", field)


def _refusal(reason: str, text: str, field: str) -> InvalidArgument:
    return invalid(reason, {field: text})
