"""What a query means, however it is spelled: two spellings share one cached answer."""

from decimal import Decimal

from gateway.medusa.filters import Amount, Filter, Many, Order, Text, Time, Unused, Whole
from gateway.medusa.times import parse_time


def meaning_of(kind: Filter, values: list[str]) -> tuple[str, ...]:
    """Returns the values of one key as they compare; none if they are as good as absent."""
    match kind:
        case Many():
            return tuple(sorted(values))
        case Whole():
            number = int(values[0])
            return () if number == kind.default else (str(number),)
        case Text() | Order():
            return tuple(filter(None, values))
        case Time():
            return (parse_time(values[0]).isoformat(),)
        case Amount():
            return (f"{Decimal(values[0]).normalize():f}",)
        case Unused():
            return ()
    return tuple(values)
