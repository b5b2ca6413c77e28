"""Opt-ins of tenants."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field
from souk.catalog_opt_in.v1.listing_service_pb2 import Listing, VariantPrice

from gateway.admin.shapes.product import Status, price_json, status_json
from gateway.admin.shapes.scalars import (
    Amount,
    Body,
    CurrencyCode,
    Document,
    Etag,
    Time,
    last_id,
    money_of,
    name_of,
    optional,
    time_json,
)

_State = Literal["live", "hidden"]
STATES: tuple[str, ...] = get_args(_State)
State = Annotated[
    _State,
    Field(description="live is for sale unless something in `reasons` prevents it; hidden is not."),
]


class VariantPriceBody(Body):
    """The tenant's own price for one variant."""

    variant_id: str
    amount: Amount
    currency_code: CurrencyCode = optional(description="Defaults to the tenant's currency.")


class ListingUpdate(Body):
    """The fields of an opt-in to update. null clears a field; a list replaces the old one."""

    state: State = optional()
    prices: list[VariantPriceBody] | None = Field(
        None, description="The tenant's own prices; other variants keep the catalogue's."
    )


class ListingCreate(ListingUpdate):
    """A product to opt in to; its state defaults to live."""

    product_id: str


class VariantPriceDocument(BaseModel):
    variant_id: str
    amount: float = Field(description="In major units.")
    currency_code: str = Field(description="Lower case.")


class ListingDocument(BaseModel):
    """A product that a tenant has opted in to."""

    id: str = Field(description="The product's id.")
    product_id: str
    tenant_id: str
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
    created_at: Time
    updated_at: Time


def listing_message(
    body: ListingUpdate, *, currency: str, name: str = "", product_id: str = "", etag: str = ""
) -> Listing:
    """Converts a body to the contract's listing.

    `currency` is the tenant's, for prices without one.

    Raises:
        InvalidArgument: a price is invalid; names its place in the body.
    """
    return Listing(
        name=name,
        etag=etag,
        product=name_of("products", product_id),
        state=state_value(body.state),
        prices=[_price(place, one, currency) for place, one in enumerate(body.prices or [])],
    )


def _price(place: int, price: VariantPriceBody, currency: str) -> VariantPrice:
    code = currency if price.currency_code is None else price.currency_code
    amount = money_of(price.amount, code, field=f"prices.{place}.amount")
    return VariantPrice(variant=price.variant_id, price=amount)


def state_value(state: str | None) -> "Listing.State.ValueType":
    """Returns the contract's value of a lower-case state; unspecified for none."""
    return Listing.State.Value(f"STATE_{(state or 'unspecified').upper()}")


def listing_json(listing: Listing) -> Document:
    """Converts an opt-in to the admin API's JSON."""
    _, tenant_id, _, listing_id = listing.name.split("/")
    return {
        "id": listing_id,
        "product_id": last_id(listing.product),
        "tenant_id": tenant_id,
        "state": Listing.State.Name(listing.state).removeprefix("STATE_").lower(),
        "prices": [{"variant_id": one.variant, **price_json(one.price)} for one in listing.prices],
        "visible": listing.visible,
        "reasons": list(listing.reasons),
        "title": listing.title,
        "handle": listing.handle,
        "thumbnail": listing.thumbnail or None,
        "product_status": status_json(listing.product_status),
        "etag": listing.etag,
        "created_at": time_json(listing.create_time),
        "updated_at": time_json(listing.update_time),
    }
