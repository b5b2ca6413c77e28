"""A name by which a shop can be found."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from souk.tenant_registry.v1.tenant_pb2 import TenantConfig

from gateway.tenancy.tenant import KnownTenant


@dataclass(frozen=True, slots=True)
class ShopIdentifier:
    """A name of a shop: a host, a publishable key or an id, and how to find its owner.

    `key` is its kind and value; `identifies` returns whether a known tenant has it.
    """

    key: tuple[str, str]
    identifies: Callable[[KnownTenant], bool]
    fetch: Callable[[], Coroutine[Any, Any, TenantConfig]]
