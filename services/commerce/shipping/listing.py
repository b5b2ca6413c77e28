"""Pages of what a tenant has few of: all are read, then filtered, sorted and cut."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from services.kernel.data import pages

M = TypeVar("M")
_Key = Callable[[Any], tuple[int | str, ...]]

# The id, made of the time, breaks ties.
_ORDERS: dict[str, _Key] = {
    "created_at": lambda one: (one.create_time.ToNanoseconds(), one.name),
    "updated_at": lambda one: (one.update_time.ToNanoseconds(), one.name),
    "id": lambda one: (one.name,),
    "name": lambda one: (one.display_name.casefold(), one.name),
}


def page(
    request: Any,  # noqa: ANN401  # each List request is a class of its own
    found: Iterable[M],
) -> tuple[list[M], int]:
    """Returns a page of resources in the request's order, and how many there are.

    Raises:
        InvalidArgument: PAGE_SIZE_INVALID, SKIP_INVALID or ORDER_INVALID.
    """
    size, skip = pages.window(request)
    key, descending = pages.order_by(request.order_by, _ORDERS, default="created_at")
    ordered = sorted(found, key=key, reverse=descending)
    return ordered[skip : skip + size], len(ordered)
