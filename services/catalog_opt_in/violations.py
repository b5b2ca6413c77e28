"""Collects all violations of a request before it is refused."""

from collections.abc import Iterable

from google.type.money_pb2 import Money

from services.kernel.call.errors import InvalidArgument
from services.values import money


class Violations:
    """Collects problems by field; the error has the reason of the first."""

    def __init__(self) -> None:
        self._reason = ""
        self._found: dict[str, str] = {}

    def add(self, field: str, text: str, reason: str = "FIELD_INVALID") -> None:
        self._reason = self._reason or reason
        self._found.setdefault(field, text)

    def extend(self, problems: Iterable[tuple[str, str]]) -> None:
        for field, text in problems:
            self.add(field, text)

    def absorb(self, refusal: InvalidArgument) -> None:
        for field, text in refusal.violations.items():
            self.add(field, text, refusal.reason)

    def price(self, price: Money, field: str) -> int:
        """Converts a price to minor units; an invalid price is noted, and 0 returned."""
        try:
            return money.minor_units(price, field=field)
        except InvalidArgument as refusal:
            self.absorb(refusal)
            return 0

    def refuse(self) -> None:
        """Raises the collected problems, if there are any.

        Raises:
            InvalidArgument: with a violation for each field.
        """
        if self._found:
            field, text = next(iter(self._found.items()))
            raise InvalidArgument(self._reason, f"{field} {text}.", self._found)
