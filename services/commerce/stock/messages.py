"""Converts stock to messages."""

from collections.abc import Iterable, Mapping
from typing import Any

from souk.commerce.v1 import inventory_service_pb2 as pb

from services.commerce.models import InventoryLevel
from services.commerce.stock.names import item_name, level_name
from services.kernel.call.times import message_of


def level_message(row: InventoryLevel) -> pb.InventoryLevel:
    return pb.InventoryLevel(
        name=level_name(row.variant_id, row.location_id),
        stocked_quantity=row.stocked,
        reserved_quantity=row.reserved,
        create_time=message_of(row.create_time),
        update_time=message_of(row.update_time),
    )


def item_message(
    variant_id: str, document: Mapping[str, Any] | None, levels: Iterable[InventoryLevel]
) -> pb.InventoryItem:
    """Shows an inventory item; `document` is the variant's document, if the tenant shows it."""
    message = pb.InventoryItem(
        name=item_name(variant_id),
        variant_id=variant_id,
        levels=[level_message(row) for row in levels],
    )
    if document:
        message.sku, message.title = document["sku"] or "", document["title"]
        message.description = document["product"]["title"]
        message.thumbnail = document["product"]["thumbnail"] or ""
    return message
