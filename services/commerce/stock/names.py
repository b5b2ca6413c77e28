"""The names and ids of inventory items, levels and locations."""

from services.kernel.call import names
from services.kernel.call.errors import NotFound
from services.kernel.call.scope import current_scope

ITEM = "tenants/{tenant}/inventoryItems/{inventory_item}"
_ITEM_PREFIX, _VARIANT_PREFIX = "iitem_", "variant_"


def variant_of(item_id: str) -> str:
    """Returns the variant that an inventory item counts.

    Raises:
        NotFound: INVENTORY_ITEM_NOT_FOUND, no variant can have such an item.
    """
    if not item_id.startswith(_ITEM_PREFIX) or not names.IDENTIFIER.fullmatch(item_id):
        raise no_such_item(item_id)
    return _VARIANT_PREFIX + item_id.removeprefix(_ITEM_PREFIX)


def item_of(variant_id: str) -> str:
    return _ITEM_PREFIX + variant_id.removeprefix(_VARIANT_PREFIX)


def item_name(variant_id: str) -> str:
    return f"tenants/{current_scope().tenant}/inventoryItems/{item_of(variant_id)}"


def level_name(variant_id: str, location_id: str) -> str:
    return f"{item_name(variant_id)}/levels/{location_id}"


def no_such_item(item_id: str) -> NotFound:
    return NotFound("INVENTORY_ITEM_NOT_FOUND", f"No such inventory item: {item_id[:100]}")
