"""The header fields of a request by name, read once for all who look for one."""

from collections.abc import Sequence

Pairs = Sequence[tuple[bytes, bytes]]


class HeaderFields:
    """The fields of a request; nearly all requests have each name once."""

    __slots__ = ("_by_name", "_pairs")

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs
        self._by_name = dict(pairs)

    def values(self, name: bytes) -> list[bytes]:
        """Returns the values of a field, in the order in which they were sent."""
        value = self._by_name.get(name)
        if value is None:
            return []
        if len(self._by_name) == len(self._pairs):
            return [value]
        return [value for other, value in self._pairs if other == name]

    def only(self, name: bytes) -> bytes | None:
        """Returns the value of a field that occurs exactly once; else None."""
        values = self.values(name)
        return values[0] if len(values) == 1 else None

    def joined(self, name: bytes) -> bytes:
        """Returns the values of a field, joined as HTTP says; empty if it is absent."""
        return b",".join(self.values(name))
