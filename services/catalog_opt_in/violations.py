"""Collects all violations of a request before it is refused."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from google.type.money_pb2 import Money

from services.kernel.call.errors import Aborted, InvalidArgument
from services.values import money


class Violations:
    """Collects problems by field; the error has the reason of the first."""

    def __init__(self) -> None:
        self._reason = ""
        self.found: dict[str, str] = {}
        self._place = ""

    @contextmanager
    def within(self, place: str) -> Iterator[None]:
        """Puts a place, such as creates[3], before the fields that are found meanwhile."""
        self._place = f"{place}."
        try:
            yield
        finally:
            self._place = ""

    def add(self, field: str, text: str, reason: str = "FIELD_INVALID") -> None:
        self._reason = self._reason or reason
        self.found.setdefault(self._place + field, text)

    def extend(self, problems: Iterable[tuple[str, str]]) -> None:
        for field, text in problems:
            self.add(field, text)

    def absorb(self, refusal: InvalidArgument) -> None:
        for field, text in refusal.violations.items():
            self.add(field, text, refusal.reason)

    @contextmanager
    def collected(self) -> Iterator[None]:
        """Notes what is refused meanwhile, such as a stale etag, instead of letting it through."""
        try:
            yield
        except InvalidArgument as refusal:
            self.absorb(refusal)
        except Aborted as refusal:
            self.add("etag", "is not the current version", refusal.reason)

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
        if self.found:
            field, text = next(iter(self.found.items()))
            raise InvalidArgument(self._reason, f"{field} {text}.", self.found)
