"""What the parts of the seed share."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of created and of existing objects of each kind."""

    created: Counter[str] = field(default_factory=Counter)
    existing: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, *, created: bool) -> None:
        (self.created if created else self.existing)[kind] += 1

    def summary(self, kind: str) -> str:
        return f"{kind}: {self.created[kind]} created, {self.existing[kind]} already there"


def major(price: Decimal) -> float:
    # A double keeps 15 digits, and JSON gets its shortest form: 189.900 is sent as 189.9.
    return float(price)
