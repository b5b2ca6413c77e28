"""Which requests are hot reads, and how two spellings of one become the same."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import NamedTuple

from gateway.medusa.query import Meaning
from gateway.medusa.resource import PreparedResource
from services.kernel.call.errors import InvalidArgument

# A longer one is parsed each time, so that what is remembered stays small.
_REMEMBERED_BYTES = 256
# What Python needs for a value besides its characters.
_VALUE_BYTES = 64


class Read(NamedTuple):
    """What a shopper asks of a shop: a path, what the query means, and in which locale.

    `needs_setup` tells that the answer depends on what staff have set up in commerce. `quantities`
    are those in the answer, of one that has places for some.
    """

    path: str
    query: Meaning
    locale: str = ""
    needs_setup: bool = False
    quantities: tuple[int | None, ...] = ()

    @property
    def bytes(self) -> int:
        """How much memory it takes, without what each answer takes anyway."""
        values = [value for _, some in self.query for value in some]
        texts = len(self.path) + len(self.locale) + sum(map(len, values))
        return texts + _VALUE_BYTES * (len(values) + len(self.quantities))


class HotReads:
    """Recognises the reads of resources by path; `resources` are by the path of their list.

    Those in `of_setup` are answered by what staff have set up, and so is each read in a region
    or a currency.
    """

    def __init__(
        self, resources: Mapping[str, PreparedResource], *, of_setup: Collection[str]
    ) -> None:
        self._resources = resources
        self._of_setup = of_setup
        self._remembered = lru_cache(maxsize=2048)(self._parse)

    def read(self, path: str, query: bytes) -> Read | None:
        """Returns what a GET asks for; None if it is no hot read, or the route will refuse it."""
        if len(path) + len(query) > _REMEMBERED_BYTES:
            return self._parse(path, query)
        return self._remembered(path, query)

    def _parse(self, path: str, query: bytes) -> Read | None:
        if resource := self._resources.get(path):
            query_form, of = resource.query_of_list, path
        else:
            of, _, one = path.rpartition("/")
            if not one or not (resource := self._resources.get(of)):
                return None
            query_form = resource.query_of_one
        try:
            parsed = query_form.parse(query)
        except InvalidArgument:
            return None
        # Apart, since a header may ask for a locale too, and the shop decides which it is.
        meaning = tuple(pair for pair in parsed.meaning if pair[0] != "locale")
        market = parsed.one("region_id") or parsed.one("currency_code")
        needs_setup = of in self._of_setup or bool(market)
        return Read(path, meaning, parsed.one("locale"), needs_setup)
