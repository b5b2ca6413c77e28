"""Prices that hold for a time or for some customers, as Medusa's price lists."""

from typing import Annotated, Any, Literal

from google.protobuf.field_mask_pb2 import FieldMask
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from souk.catalog_opt_in.v1 import price_list_service_pb2 as pb

from gateway.documents.scalars import (
    Amount,
    CreatedAt,
    CurrencyCode,
    Etag,
    Id,
    Int32,
    LowerCode,
    Moment,
    NeverDeleted,
    Time,
    UpdatedAt,
    amount_json,
    reference,
)
from gateway.medusa.paths import Path
from gateway.medusa.shapes import WHOLE, Body, Document, From, NotInMessage, optional

GROUPS = "customer.groups.id"
Type = Literal["sale", "override"]
Status = Literal["draft", "active"]
PriceRules = dict[str, str]


class ListPriceDocument(Document[pb.PriceListPrice]):
    """What a variant costs by a list."""

    id: str = Field(examples=["price_01J0000000000000000000000"])
    variant_id: Annotated[str, From("variant")]
    amount: Annotated[float, From("price", amount_json), Field(description="In major units.")]
    currency_code: Annotated[LowerCode, From("price.currency_code")]
    min_quantity: int | None
    max_quantity: int | None
    rules: Annotated[PriceRules, From(WHOLE, read=lambda _: {})] = Field(
        description="Always empty: a list has rules, its prices have none."
    )


def _rules(price_list: pb.PriceList) -> dict[str, list[str]]:
    groups = list(price_list.customer_groups)
    return {GROUPS: groups} if groups else {}


class PriceListDocument(Document[pb.PriceList]):
    """Prices of a shop's that hold together."""

    id: Id = Field(examples=["plist_01J0000000000000000000000"])
    title: str
    description: str | None
    type: Type
    status: Status
    starts_at: Annotated[Time | None, From("start_time")]
    ends_at: Annotated[Time | None, From("end_time")]
    rules: Annotated[dict[str, list[str]], From(WHOLE, read=_rules)] = Field(
        description=f"{GROUPS}: for whom it is; without, for everybody."
    )
    in_force: bool = Field(description="Whether it applies now, to whom it is for.")
    prices: list[ListPriceDocument] = Field(description="Empty in a list of price lists.")
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
    deleted_at: NeverDeleted


def _no_rules(rules: PriceRules | None) -> PriceRules | None:
    if rules:
        text = "must be empty: a price of a list holds in each region with its currency"
        raise PydanticCustomError("rules", text)
    return rules


NoRules = Annotated[PriceRules | None, NotInMessage(), AfterValidator(_no_rules)]


class ListPriceUpdate(Body[pb.PriceListPrice]):
    """A price to change."""

    id: str
    variant_id: Annotated[str, From("variant")] = optional()
    amount: Annotated[Amount, From("price")] = optional()
    currency_code: Annotated[CurrencyCode, From("price.currency_code")] = optional()
    min_quantity: Annotated[Int32 | None, Field(description="From this quantity on.")] = None
    max_quantity: Annotated[Int32 | None, Field(description="Up to this quantity.")] = None
    rules: NoRules = None


class ListPriceCreate(Body[pb.PriceListPrice]):
    """A price to add."""

    variant_id: Annotated[str, From("variant")]
    amount: Annotated[Amount, From("price")]
    currency_code: Annotated[CurrencyCode, From("price.currency_code")]
    min_quantity: Annotated[Int32 | None, Field(description="From this quantity on.")] = None
    max_quantity: Annotated[Int32 | None, Field(description="Up to this quantity.")] = None
    rules: NoRules = None


class ListPriceBatch(Body[pb.BatchChangePricesRequest]):
    """Prices of one list; all are done, or none."""

    create: Annotated[list[ListPriceCreate], From("creates")] = Field([])
    update: Annotated[list[ListPriceUpdate], From("updates")] = Field([])
    delete: Annotated[list[str], From("deletes")] = Field([], description="The ids of prices.")


class PriceListProducts(Body[pb.RemovePriceListProductsRequest]):
    """Products whose prices leave a list."""

    remove: Annotated[list[str], reference("products", to="products")] = Field(
        [], description="The ids of products."
    )


def _groups_only(rules: dict[str, list[str]]) -> dict[str, list[str]]:
    if rules.keys() - {GROUPS}:
        raise PydanticCustomError("rules", "must have no other key than customer.groups.id")
    return rules


class PriceListUpdate(Body[pb.PriceList]):
    """The fields of a price list to update."""

    title: str = optional(description="Not empty.")
    description: str | None = None
    type: Type = optional(description="By default sale, which lowers prices only.")
    status: Status = optional(description="By default draft, which does not apply.")
    starts_at: Annotated[Moment | None, From("start_time")] = None
    ends_at: Annotated[Moment | None, From("end_time")] = None
    rules: Annotated[
        dict[str, list[str]], NotInMessage("customer_groups"), AfterValidator(_groups_only)
    ] = optional(description=f"{GROUPS}: the groups of customers that it is for; else everybody.")

    def to_message(self, **more: Any) -> pb.PriceList:  # noqa: ANN401 - fields of a price list
        message = super().to_message(**more)
        if "rules" in self.model_fields_set:
            message.customer_groups.extend(self.rules.get(GROUPS, []))
        return message

    def to_mask(self) -> FieldMask:
        mask = super().to_mask()
        if "rules" in self.model_fields_set:
            mask.paths.append("customer_groups")
        return mask

    @classmethod
    def path_of(cls, path: Path) -> Path | None:
        return ("rules",) if path[:1] == ("customer_groups",) else super().path_of(path)


class PriceListCreate(PriceListUpdate):
    """A price list to create."""

    title: str = Field(description="Not empty.")
    prices: list[ListPriceCreate] = Field([], description="What it has from the start.")
