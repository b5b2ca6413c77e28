"""What is wrong with a request, gathered whole before it is refused."""

from collections.abc import Iterable

from google.type.money_pb2 import Money

from services.kernel import money
from services.kernel.errors import InvalidArgument


class Findings:
    """Collects problems by field; the first one's reason becomes that of the refusal."""

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
        """Counts a price in minor units; 0 when it is wrong, which is then noted."""
        try:
            return money.minor_units(price, field=field)
        except InvalidArgument as refusal:
            self.absorb(refusal)
            return 0

    def refuse(self) -> None:
        """Raises what was found, if anything was.

        Raises:
            InvalidArgument: with a violation for each field.
        """
        if self._found:
            field, text = next(iter(self._found.items()))
            raise InvalidArgument(self._reason, f"{field} {text}.", self._found)
