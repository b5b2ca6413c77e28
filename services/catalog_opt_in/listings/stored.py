"""A stored listing as writes see it: without its documents, and without an ORM."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from services.kernel.call.scope import current_scope


@dataclass(slots=True, kw_only=True)
class StoredListing:
    """What callers see of the scope's tenant's listing of a product."""

    tenant_id: str
    listing_id: str
    state: str
    product_status: str
    priced: bool
    visible: bool
    title: str
    handle: str
    thumbnail: str
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, columns: Mapping[str, Any]) -> Self:
        tenant = current_scope().tenant or ""
        return cls(tenant_id=tenant, **{name: columns[name] for name in COLUMNS})

    def change(self, columns: Mapping[str, Any]) -> None:
        for name in COLUMNS:
            setattr(self, name, columns[name])


COLUMNS = tuple(field.name for field in fields(StoredListing) if field.name != "tenant_id")


def visible(listings: Iterable[StoredListing]) -> int:
    return sum(listing.visible for listing in listings)
