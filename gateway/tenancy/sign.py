"""A name by which a shop can be found."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from souk.tenant_registry.v1.tenant_pb2 import TenantConfig

from gateway.tenancy.tenant import KnownTenant


@dataclass(frozen=True, slots=True)
class Sign:
    """A name of a shop: a host, a publishable key or an id, and how to find its owner.

    `name` is its kind and value; `is_of` returns whether a known tenant has it.
    """

    name: tuple[str, str]
    is_of: Callable[[KnownTenant], bool]
    ask: Callable[[], Coroutine[Any, Any, TenantConfig]]
