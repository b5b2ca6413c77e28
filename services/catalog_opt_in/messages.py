"""Shared helpers to read and write this service's messages."""

from typing import Any

from services.catalog_opt_in import handles
from services.catalog_opt_in.violations import Violations
from services.kernel.call import names
from services.kernel.call.errors import InvalidArgument

PRODUCT = "products/{product}"
COLLECTION = "collections/{collection}"
CATEGORY = "categories/{category}"
TAG = "productTags/{tag}"
PRODUCT_TYPE = "productTypes/{type}"
TENANT = "tenants/{tenant}"


def set_metadata(message: Any, metadata: dict[str, Any] | None) -> None:  # noqa: ANN401  # has metadata
    if metadata is not None:
        message.metadata.update(metadata)
        message.metadata.SetInParent()


def id_in(name: str, pattern: str, violations: Violations, *, field: str) -> str | None:
    """Extracts the id from a reference; None if it is empty, or invalid, which is noted."""
    if not name:
        return None
    try:
        return names.parse(name, pattern)[0]
    except InvalidArgument:
        violations.add(field, f"must have the form {pattern}", "NAME_INVALID")
        return None


def handle_of(handle: str, title: str, violations: Violations, *, is_new: bool) -> str:
    """Checks a handle; derives an empty one of a new resource from its title, if there is one."""
    try:
        if handle or not is_new:
            return handles.checked(handle)
        return handles.from_title(title) if title.strip() else ""
    except InvalidArgument as refusal:
        violations.absorb(refusal)
        return ""
