"""The answers in memory: bounded in bytes, on a shelf for each tenant.

A tenant may fill the memory while nobody else needs it. When others do, it keeps an eighth at most,
so that one tenant's crawler cannot empty everybody's cache.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from gateway.hot.reads import Read
from gateway.hot.recorder import Answer
from gateway.metrics import Metrics

SHARES = 8
# What Python needs for an answer besides its bytes, rounded up.
_ANSWER_BYTES = 3_072
# Of a variant's id and its quantity.
_COUNTED_BYTES = 160

Versions = tuple[int, int | None, Hashable]
"""The versions of a tenant's catalogue and of its set-up, and its whole configuration with the head
office's locale.

The set-up's is None while commerce does not say. The configuration's own version may recur with
other contents after a restore from a backup.
"""


@dataclass(slots=True)
class _Shelf:
    """One tenant's answers, all of the same versions; the least recently used is the first."""

    versions: Versions
    answers: OrderedDict[Read, Answer] = field(default_factory=OrderedDict)
    bytes: int = 0


class Answers:
    """Keeps answers under their tenant, versions and question; drops the least recently used."""

    def __init__(self, most_bytes: int, metrics: Metrics) -> None:
        self._most = most_bytes
        self._share = most_bytes // SHARES
        self._metrics = metrics
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()
        # Those above their share; there are fewer than SHARES of them.
        self._large: dict[str, _Shelf] = {}
        self.bytes = 0

    def get(self, tenant: str, versions: Versions, read: Read) -> Answer | None:
        """Returns an answer of exactly these versions; forgets the tenant's if they are others."""
        shelf = self._shelves.get(tenant)
        if shelf is None:
            return None
        if shelf.versions != versions:
            self._forget(tenant, shelf)
            return None
        answer = shelf.answers.get(read)
        if answer is not None:
            shelf.answers.move_to_end(read)
            self._shelves.move_to_end(tenant)
        return answer

    def put(self, tenant: str, versions: Versions, read: Read, answer: Answer) -> None:
        """Keeps an answer that was made after its versions had been read.

        It is not kept if the tenant has newer ones meanwhile, or if it is larger than a share.
        """
        size = _size(read, answer)
        shelf = self._shelves.get(tenant) or _Shelf(versions)
        if size > self._share or shelf.versions != versions or read in shelf.answers:
            return
        self._shelves[tenant] = shelf
        self._shelves.move_to_end(tenant)
        shelf.answers[read] = answer
        self._resize(tenant, shelf, size)
        self._make_room()

    def gzipped(self, tenant: str, read: Read, answer: Answer, body: bytes) -> None:
        """Keeps the compressed body of an answer beside it, if that is still here."""
        shelf = self._shelves.get(tenant)
        if shelf is not None and shelf.answers.get(read) is answer:
            answer.gzipped = body
            self._resize(tenant, shelf, len(body))
            self._make_room()

    def _make_room(self) -> None:
        while self.bytes > self._most:
            tenant = max(
                self._large,
                key=lambda one: self._large[one].bytes,
                default=next(iter(self._shelves)),
            )
            shelf = self._shelves[tenant]
            read, answer = shelf.answers.popitem(last=False)
            self._resize(tenant, shelf, -_size(read, answer))
            self._metrics.hot_eviction()
            if not shelf.answers:
                self._forget(tenant, shelf)

    def _forget(self, tenant: str, shelf: _Shelf) -> None:
        self._resize(tenant, shelf, -shelf.bytes)
        del self._shelves[tenant]

    def _resize(self, tenant: str, shelf: _Shelf, difference: int) -> None:
        shelf.bytes += difference
        self.bytes += difference
        if shelf.bytes > self._share:
            self._large[tenant] = shelf
        else:
            self._large.pop(tenant, None)
        self._metrics.hot_bytes(self.bytes)


def _size(read: Read, answer: Answer) -> int:
    counted = _COUNTED_BYTES * len(answer.counted_variants)
    return len(answer.body) + len(answer.gzipped) + counted + read.bytes + _ANSWER_BYTES
