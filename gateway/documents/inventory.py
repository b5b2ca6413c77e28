"""How much a tenant has of what it sells, as Medusa's inventory items and their levels."""

from typing import Annotated

from pydantic import Field
from souk.commerce.v1.inventory_service_pb2 import (
    BatchChangeInventoryLevelsRequest,
    InventoryItem,
    InventoryLevel,
    InventoryLevelRow,
)

from gateway.documents.scalars import CreatedAt, Id, NeverDeleted, UpdatedAt
from gateway.medusa.paths import Path
from gateway.medusa.shapes import WHOLE, Body, Document, From, optional
from gateway.medusa.values import last_id
from services.kernel.call.errors import NotFound

_LEVEL_PREFIX, _ITEM_PREFIX = "ilev_", "iitem_"


def level_id(name: str) -> str:
    """Makes the id of a level, which holds those of its item and its location."""
    return f"{_LEVEL_PREFIX}{_item_id(name).removeprefix(_ITEM_PREFIX)}.{last_id(name)}"


def _row_of(id_: str) -> InventoryLevelRow:
    """Returns which level an id is of.

    Raises:
        NotFound: INVENTORY_LEVEL_NOT_FOUND, no level can have it.
    """
    item, _, location_id = id_.removeprefix(_LEVEL_PREFIX).partition(".")
    if not id_.startswith(_LEVEL_PREFIX) or not location_id:
        raise NotFound("INVENTORY_LEVEL_NOT_FOUND", f"No such inventory level: {id_[:200]}")
    return InventoryLevelRow(inventory_item_id=f"{_ITEM_PREFIX}{item}", location_id=location_id)


def _item_id(name: str) -> str:
    return name.split("/")[3]


def _available(level: InventoryLevel) -> int:
    return level.stocked_quantity - level.reserved_quantity


def _stocked(item: InventoryItem) -> int:
    return sum(level.stocked_quantity for level in item.levels)


def _reserved(item: InventoryItem) -> int:
    return sum(level.reserved_quantity for level in item.levels)


class InventoryLevelDocument(Document[InventoryLevel]):
    """How many there are of an inventory item at a location."""

    id: Annotated[str, From("name", level_id)]
    inventory_item_id: Annotated[str, From("name", _item_id)]
    location_id: Annotated[str, From("name", last_id)]
    stocked_quantity: int = Field(description="How many are there, kept ones among them.")
    reserved_quantity: int = Field(description="How many are kept for carts and orders.")
    available_quantity: Annotated[int, From(WHOLE, _available)] = Field(
        description="The difference; less than 0 if more are kept than there are."
    )
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


class InventoryItemDocument(Document[InventoryItem]):
    """What is counted: the units of one variant."""

    id: Id = Field(examples=["iitem_01J0000000000000000000000"])
    variant_id: str
    sku: str | None
    title: str | None = Field(description="The variant's.")
    description: str | None = Field(description="The product's title.")
    thumbnail: str | None
    stocked_quantity: Annotated[int, From(WHOLE, _stocked)] = Field(
        description="At all locations together."
    )
    reserved_quantity: Annotated[int, From(WHOLE, _reserved)] = Field(
        description="At all locations together."
    )
    location_levels: Annotated[list[InventoryLevelDocument], From("levels")]


Quantity = Annotated[
    int, Field(ge=0, le=1_000_000_000, description="How many are there, kept ones among them.")
]


class InventoryLevelUpdate(Body[InventoryLevelRow]):
    """What a level shall be."""

    stocked_quantity: Quantity = optional()

    @classmethod
    def path_of(cls, path: Path) -> Path | None:
        # By itself, it is the only row of the RPC's request.
        if path[:2] in (("creates", 0), ("updates", 0)):
            path = path[2:]
        return super().path_of(path)


class InventoryLevelCreate(InventoryLevelUpdate):
    """A level to create."""

    location_id: str


class InventoryLevelOfItemBody(InventoryLevelCreate):
    """A level of any inventory item."""

    inventory_item_id: str


LevelIds = Annotated[
    list[str], From("deletes", write=_row_of), Field(description="The ids of levels.")
]
Force = Annotated[bool, Field(description="Delete levels also if something is in stock.")]


class InventoryLevelBatch(Body[BatchChangeInventoryLevelsRequest]):
    """Levels of any inventory items, each in one of the rows; all are done, or none."""

    create: Annotated[list[InventoryLevelOfItemBody], From("creates")] = Field([])
    update: Annotated[list[InventoryLevelOfItemBody], From("updates")] = Field([])
    delete: LevelIds = Field([])
    force: Force = False


class InventoryItemLevelBatch(Body[BatchChangeInventoryLevelsRequest]):
    """Levels of one inventory item, each in one of the rows; all are done, or none."""

    create: Annotated[list[InventoryLevelCreate], From("creates")] = Field([])
    update: Annotated[list[InventoryLevelCreate], From("updates")] = Field([])
    delete: LevelIds = Field([])
    force: Force = False
