"""The products that a tenant has opted in to."""

from typing import Annotated, Literal, get_args

from pydantic import Field
from souk.catalog_opt_in.v1.listing_service_pb2 import (
    BatchChangeListingsRequest,
    Listing,
    VariantPrice,
)

from gateway.documents.product import Status
from gateway.documents.scalars import (
    Amount,
    CreatedAt,
    CurrencyCode,
    Etag,
    Id,
    UpdatedAt,
    amount_json,
    reference,
)
from gateway.medusa.shapes import Body, Document, From, optional
from gateway.medusa.values import tenant_of

_State = Literal["live", "hidden"]
STATES: tuple[str, ...] = get_args(_State)
State = Annotated[
    _State,
    Field(description="live is for sale unless something in `reasons` prevents it; hidden is not."),
]


class VariantPriceBody(Body[VariantPrice]):
    """The tenant's own price for one variant."""

    variant_id: Annotated[str, From("variant")]
    amount: Annotated[Amount, From("price")]
    currency_code: Annotated[CurrencyCode, From("price.currency_code")] = optional(
        description="Defaults to the tenant's currency."
    )


class ListingUpdate(Body[Listing]):
    """The fields of an opt-in to update. null clears a field; a list replaces the old one."""

    state: State = optional()
    prices: list[VariantPriceBody] | None = Field(
        None, description="The tenant's own prices; other variants keep the catalogue's."
    )

    def set_currency(self, currency: str) -> None:
        """Gives the prices without a currency the tenant's."""
        for price in self.prices or []:
            if "currency_code" not in price.model_fields_set:
                price.currency_code = currency


class ListingCreate(ListingUpdate):
    """A product to opt in to; its state defaults to live."""

    product_id: Annotated[str, reference("product", to="products")]


class ListingRowUpdate(ListingUpdate):
    """The fields of one opt-in to update."""

    id: Annotated[str, reference("product", to="products")] = Field(description="The product's id.")


class ListingBatch(Body[BatchChangeListingsRequest]):
    """At most 1,000 rows in all, each product in one of them; all are done, or none."""

    create: Annotated[list[ListingCreate], From("creates")] = Field([])
    update: Annotated[list[ListingRowUpdate], From("updates.listing")] = Field([])
    delete: Annotated[list[str], reference("deletes", to="products")] = Field(
        [], description="The ids of products."
    )

    def set_currency(self, currency: str) -> None:
        """Gives the prices without a currency the tenant's."""
        for row in [*self.create, *self.update]:
            row.set_currency(currency)


class VariantPriceDocument(Document[VariantPrice]):
    variant_id: Annotated[str, From("variant")]
    amount: Annotated[float, From("price", amount_json), Field(description="In major units.")]
    currency_code: Annotated[str, From("price.currency_code", str.lower)] = Field(
        description="Lower case."
    )


class ListingDocument(Document[Listing]):
    """A product that a tenant has opted in to."""

    id: Id = Field(description="The product's id.")
    product_id: Annotated[str, reference("product", to="products")]
    tenant_id: Annotated[str, From("name", tenant_of)]
    state: State
    prices: list[VariantPriceDocument] = Field(description="The tenant's own prices.")
    visible: bool = Field(description="Whether the storefront shows it.")
    reasons: list[str] = Field(
        description="Why the storefront does not show it, most important first."
    )
    title: str
    handle: str
    thumbnail: str | None
    product_status: Status
    etag: Etag
    created_at: CreatedAt
    updated_at: UpdatedAt
