"""What clients send of the variants and options of products, in Medusa's shape."""

from typing import Annotated, Any, Generic, TypeVar

from google.protobuf.field_mask_pb2 import FieldMask
from pydantic import Field
from souk.catalog_opt_in.v1 import product_pb2 as pb
from souk.catalog_opt_in.v1.catalog_service_pb2 import ChangeVariantsRequest

from gateway.documents.scalars import Amount, CurrencyCode, Int32, Metadata
from gateway.medusa import contract
from gateway.medusa.paths import Path
from gateway.medusa.shapes import Body, From, NotInMessage, optional

M = TypeVar("M")
PartId = Annotated[
    str,
    Field(
        description="On update: an element with an existing id changes only the keys that it has, "
        "one without an id is added, and those that are not listed are removed."
    ),
]
Grams = Annotated[Int32 | None, Field(description="In grams.")]
Millimetres = Annotated[Int32 | None, Field(description="In millimetres.")]


class _OneOfProduct(Body[M], Generic[M]):
    """A part of a product, sent by itself or in a list of those that change."""

    @classmethod
    def path_of(cls, path: Path) -> Path | None:
        # By itself, it is the only row of the RPC's request.
        if path[:2] in (("creates", 0), ("updates", 0)):
            path = path[2:]
        return super().path_of(path)


class OptionUpdate(_OneOfProduct[pb.Option]):
    """The fields of an option to update. Values of the same text keep their ids."""

    title: str = optional(
        description="For example Taille; unique within the product.", examples=["Taille"]
    )
    values: Annotated[list[str], From("values.value")] = optional(
        description="The possible values, without duplicates.", examples=[["500 g"]]
    )


class OptionCreate(OptionUpdate):
    """An option to add to a product."""

    title: str
    values: Annotated[list[str], From("values.value")]


class OptionBody(OptionUpdate):
    """A property in which variants differ."""

    id: PartId = optional()


class PriceBody(Body[pb.ConditionalPrice]):
    """A price in one currency; with quantities or rules, it holds only for these."""

    id: str = optional(description="As it was read; a price under conditions keeps it.")
    amount: Annotated[Amount, From("amount")]
    currency_code: Annotated[CurrencyCode, From("amount.currency_code")]
    min_quantity: Annotated[Int32 | None, Field(description="From this quantity on.")] = None
    max_quantity: Annotated[Int32 | None, Field(description="Up to this quantity.")] = None
    rules: dict[str, str] | None = Field(
        None, description="Attributes, such as region_id, and what they must be."
    )


class InventoryItemBody(Body[pb.InventoryItem]):
    """What is taken out of stock for one unit of the variant."""

    inventory_item_id: str
    required_quantity: Int32 = Field(1)


class VariantUpdate(_OneOfProduct[pb.Variant]):
    """The fields of a variant to create or update. null clears a field."""

    title: str = optional(description="Defaults to the option values.")
    sku: str | None = Field(None, description="Unique within the catalogue.")
    barcode: str | None = None
    ean: str | None = None
    upc: str | None = None
    manage_inventory: bool = optional(description="Whether it is sold only from stock; true.")
    allow_backorder: bool = optional(description="Whether it is sold without stock; false.")
    variant_rank: Annotated[Int32, From("rank")] = optional(
        description="Its place among the product's variants, from 0; one beyond the last means "
        "the last. Without, it is where it was, or where it is listed."
    )
    weight: Annotated[Grams, From("weight_grams")] = None
    length: Millimetres = None
    width: Millimetres = None
    height: Millimetres = None
    hs_code: str | None = None
    mid_code: str | None = None
    origin_country: str | None = None
    material: str | None = None
    metadata: Metadata | None = None
    options: dict[str, str] = Field(
        {}, description="A map from option title to value. An option with one value needs none."
    )
    prices: Annotated[list[PriceBody], NotInMessage("prices")] = Field(
        [], description="At most one per currency without quantities and rules."
    )
    inventory_items: list[InventoryItemBody] | None = None

    def to_message(self, **more: Any) -> pb.Variant:  # noqa: ANN401 - fields of a variant
        """Makes a message; the contract has prices under conditions beside the others."""
        message = super().to_message(**more)
        for place, price in enumerate(self.prices):
            with contract.prefix_violations("prices"), contract.prefix_violations(place):
                row = price.to_message()
            if row.min_quantity or row.max_quantity or row.rules:
                message.conditional_prices.append(row)
            else:
                message.prices.append(row.amount)
        return message

    def to_mask(self) -> FieldMask:
        mask = super().to_mask()
        if "prices" in self.model_fields_set:
            mask.paths.extend(["prices", "conditional_prices"])
        return mask

    @classmethod
    def path_of(cls, path: Path) -> Path | None:
        match path:
            case ("prices", int(place), *inside):
                key = "currency_code" if inside == ["currency_code"] else "amount"
                return ("prices", place, key)
            case ("conditional_prices", *_):
                return ("prices",)
        return super().path_of(path)


class VariantBody(VariantUpdate):
    """A variant to sell."""

    id: PartId = optional()


class VariantRow(VariantUpdate):
    """The fields of one variant to update."""

    id: str


class VariantBatch(Body[ChangeVariantsRequest]):
    """Variants of one product, each in one row; all rows are done, or none."""

    create: Annotated[list[VariantUpdate], From("creates")] = Field([])
    update: Annotated[list[VariantRow], From("updates")] = Field([])
    delete: Annotated[list[str], From("deletes")] = Field([], description="The ids of variants.")
