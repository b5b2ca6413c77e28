"""`/store/carts`: what a shopper gathers, until it is an order."""

from typing import Annotated

import orjson
from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.store_cart_service_pb2 import (
    AddCartItemRequest,
    ClaimCartRequest,
    CreateCartRequest,
    GetCartRequest,
    RemoveCartItemRequest,
    TaxCartRequest,
    UpdateCartRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.cart_bodies import (
    CartCreate,
    CartItemBody,
    CartItemUpdate,
    CartUpdate,
    PromotionsToAdd,
    PromotionsToRemove,
)
from gateway.documents.scalars import upper_code
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.headers import IdempotencyKey, UnguessableKey
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import NoQueryOfWrites, PreparedResource
from gateway.medusa.router import Router
from gateway.store.shopper import Buying, OwnAccount
from gateway.tenancy import KnownTenant
from services.kernel.call.errors import invalid
from services.values.cart_documents import StoreCart

CARTS = PreparedResource("cart", "carts", StoreCart, Query())
CartQuery = Annotated[ParsedQuery, Depends(CARTS.query_of_answer)]

router = Router(
    prefix="/store/carts",
    tags=["Carts"],
    responses=responses.BUYERS_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class CartAnswer(BaseModel):
    cart: StoreCart


_CART = responses.documented(CartAnswer, "The cart.")


@router.post("", summary="Create a cart", responses=_CART, openapi_extra=CARTS.documented_one)
async def create_cart(
    shop: Buying,
    query: CartQuery,
    clients: ClientsOf,
    key: UnguessableKey,
    body: CartCreate,
) -> Response:
    """Starts a cart. Whoever knows its id may use it."""
    _check_channel(body, shop)
    answer = await clients.carts.CreateCart(
        CreateCartRequest(
            parent=f"tenants/{shop.id}",
            cart=body.to_message(),
            items=[item.to_message() for item in body.items or ()],
            request_id=key,
            shop_display_name=shop.display_name,
            shop_locale=shop.default_locale,
            currency_code=upper_code(body.currency_code or ""),
        )
    )
    return CARTS.one(query, answer.document)


@router.get("/{cart_id}", summary="Get a cart", responses=_CART, openapi_extra=CARTS.documented_one)
async def get_cart(cart_id: str, request: Request, shop: Buying, clients: ClientsOf) -> Response:
    """Returns a cart, at prices that are at most 30 seconds old."""
    query = CARTS.one_query(request)
    answer = await clients.carts.GetCart(GetCartRequest(name=cart_name(shop, cart_id)))
    return CARTS.one(query, answer.document)


@router.post(
    "/{cart_id}", summary="Update a cart", responses=_CART, openapi_extra=CARTS.documented_one
)
async def update_cart(
    cart_id: str, shop: Buying, query: CartQuery, clients: ClientsOf, body: CartUpdate
) -> Response:
    """Updates the fields in the body, and prices the cart anew."""
    _check_channel(body, shop)
    answer = await clients.carts.UpdateCart(
        UpdateCartRequest(
            cart=body.to_message(name=cart_name(shop, cart_id)), update_mask=body.to_mask()
        )
    )
    return CARTS.one(query, answer.document)


@router.post(
    "/{cart_id}/customer",
    summary="Claim a cart",
    responses=_CART,
    openapi_extra=CARTS.documented_one,
)
async def claim_cart(
    cart_id: str, account: OwnAccount, query: CartQuery, clients: ClientsOf
) -> Response:
    """Makes a guest's cart the customer's, with their e-mail address; nobody else finds it then.

    The lines of the cart that they changed last come into it, and that cart goes.
    """
    answer = await clients.carts.ClaimCart(
        ClaimCartRequest(name=f"tenants/{account.tenant}/carts/{cart_id}")
    )
    return CARTS.one(query, answer.document)


@router.post(
    "/{cart_id}/line-items",
    summary="Add to a cart",
    responses=_CART,
    openapi_extra=CARTS.documented_one,
)
async def add_to_cart(
    cart_id: str,
    shop: Buying,
    query: CartQuery,
    clients: ClientsOf,
    key: IdempotencyKey,
    body: CartItemBody,
) -> Response:
    """Adds a variant; to the line of the same variant and metadata, if there is one."""
    answer = await clients.carts.AddCartItem(
        AddCartItemRequest(parent=cart_name(shop, cart_id), item=body.to_message(), request_id=key)
    )
    return CARTS.one(query, answer.document)


@router.post(
    "/{cart_id}/line-items/{item_id}",
    summary="Update a line of a cart",
    responses=_CART,
    openapi_extra=CARTS.documented_one,
)
async def update_cart_item(
    cart_id: str,
    item_id: str,
    shop: Buying,
    query: CartQuery,
    clients: ClientsOf,
    body: CartItemUpdate,
) -> Response:
    """Changes the quantity or the metadata of a line; quantity 0 removes it."""
    answer = await clients.carts.UpdateCartItem(
        body.to_message(name=f"{cart_name(shop, cart_id)}/items/{item_id}")
    )
    return CARTS.one(query, answer.document)


@router.post(
    "/{cart_id}/taxes",
    summary="Tax a cart",
    responses=_CART,
    openapi_extra=CARTS.documented_one,
)
async def tax_cart(cart_id: str, shop: Buying, query: CartQuery, clients: ClientsOf) -> Response:
    """Taxes a cart whose region has no automatic taxes, from now on; it needs a country."""
    answer = await clients.carts.TaxCart(TaxCartRequest(name=cart_name(shop, cart_id)))
    return CARTS.one(query, answer.document)


class CartItemDeleted(responses.Deleted):
    """The confirmation that a line is gone, with the cart that is left."""

    parent: StoreCart


@router.delete(
    "/{cart_id}/line-items/{item_id}",
    summary="Remove a line of a cart",
    responses=responses.documented(CartItemDeleted, "The line is gone."),
    openapi_extra=CARTS.documented_one,
)
async def remove_cart_item(
    cart_id: str, item_id: str, shop: Buying, query: CartQuery, clients: ClientsOf
) -> Response:
    """Removes a line; `parent` is the cart that is left."""
    answer = await clients.carts.RemoveCartItem(
        RemoveCartItemRequest(name=f"{cart_name(shop, cart_id)}/items/{item_id}")
    )
    return responses.deleted(
        "line-item", item_id, parent=orjson.Fragment(CARTS.part(query, answer.document))
    )


@router.post(
    "/{cart_id}/promotions",
    summary="Add promotions to a cart",
    responses=_CART,
    openapi_extra=CARTS.documented_one,
)
async def add_cart_promotions(
    cart_id: str, shop: Buying, query: CartQuery, clients: ClientsOf, body: PromotionsToAdd
) -> Response:
    """Adds codes. One whose promotion does not apply, or is used up, stays without effect."""
    answer = await clients.carts.AddCartPromotions(body.to_message(parent=cart_name(shop, cart_id)))
    return CARTS.one(query, answer.document)


@router.delete(
    "/{cart_id}/promotions",
    summary="Remove promotions from a cart",
    responses=_CART,
    openapi_extra=CARTS.documented_one,
)
async def remove_cart_promotions(
    cart_id: str, shop: Buying, query: CartQuery, clients: ClientsOf, body: PromotionsToRemove
) -> Response:
    """Removes codes; those that the cart does not have are gone already."""
    answer = await clients.carts.RemoveCartPromotions(
        body.to_message(parent=cart_name(shop, cart_id))
    )
    return CARTS.one(query, answer.document)


def cart_name(shop: KnownTenant, cart_id: str) -> str:
    return f"tenants/{shop.id}/carts/{cart_id}"


def _check_channel(body: CartUpdate, shop: KnownTenant) -> None:
    if body.sales_channel_id not in (None, f"sc_{shop.id}"):
        text = "must be the sales channel of this shop"
        raise invalid("SALES_CHANNEL_UNKNOWN", {"sales_channel_id": text})
