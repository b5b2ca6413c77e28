"""How a cart can be shipped, and the choice of it."""

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from souk.commerce.v1.store_shipping_service_pb2 import (
    CalculateShippingOptionRequest,
    ListStoreShippingOptionsRequest,
)

from gateway.clients import ClientsOf
from gateway.documents.cart_bodies import ShippingCalculation, ShippingMethodBody
from gateway.medusa import responses
from gateway.medusa.bodies import ExactRoute
from gateway.medusa.filters import Id
from gateway.medusa.query import ParsedQuery, Query
from gateway.medusa.resource import Envelope, NoQueryOfWrites, PreparedResource
from gateway.medusa.router import Router
from gateway.store.carts import CARTS, CartAnswer, CartQuery, cart_name
from gateway.store.shopper import Buying
from services.kernel.call.limits import MOST_ROWS
from services.values.shipping_documents import StoreShippingOption

# A storefront asks for no page: it shows them all.
OPTIONS = PreparedResource(
    "shipping_option",
    "shipping_options",
    StoreShippingOption,
    Query(filters={"cart_id": Id()}, required=("cart_id",), limit=MOST_ROWS),
)
OptionQuery = Annotated[ParsedQuery, Depends(OPTIONS.query_of_answer)]

router = Router(
    prefix="/store",
    tags=["Carts"],
    responses=responses.BUYERS_ERRORS,
    dependencies=[NoQueryOfWrites],
    route_class=ExactRoute,
)


class OptionAnswer(BaseModel):
    shipping_option: StoreShippingOption


class OptionsAnswer(Envelope):
    shipping_options: list[StoreShippingOption]


@router.get(
    "/shipping-options",
    summary="List shipping options",
    responses=responses.documented(OptionsAnswer, "The options for the cart."),
    openapi_extra=OPTIONS.documented_list,
)
async def list_shipping_options(request: Request, shop: Buying, clients: ClientsOf) -> Response:
    """Lists how a cart can be shipped to its address, or anywhere while it has none."""
    query = OPTIONS.list_query(request)
    found = await clients.shipping.ListStoreShippingOptions(
        ListStoreShippingOptionsRequest(parent=cart_name(shop, query.one("cart_id")))
    )
    documents = found.documents[query.offset : query.offset + query.limit]
    return OPTIONS.page(query, documents, count=len(found.documents))


@router.post(
    "/shipping-options/{option_id}/calculate",
    summary="Calculate a shipping option",
    responses=responses.documented(OptionAnswer, "The option, with its price for the cart."),
    openapi_extra=OPTIONS.documented_one,
)
async def calculate_shipping_option(
    option_id: str, shop: Buying, query: OptionQuery, clients: ClientsOf, body: ShippingCalculation
) -> Response:
    """Tells what an option costs for a cart; it is not chosen by that."""
    answer = await clients.shipping.CalculateShippingOption(
        CalculateShippingOptionRequest(
            name=f"{cart_name(shop, body.cart_id)}/shippingOptions/{option_id}"
        )
    )
    return OPTIONS.one(query, answer.document)


@router.post(
    "/carts/{cart_id}/shipping-methods",
    summary="Choose a shipping option",
    responses=responses.documented(CartAnswer, "The cart."),
    openapi_extra=CARTS.documented_one,
)
async def choose_shipping_option(
    cart_id: str, shop: Buying, query: CartQuery, clients: ClientsOf, body: ShippingMethodBody
) -> Response:
    """Chooses how a cart is shipped; it replaces the choice for the same shipping profile."""
    answer = await clients.shipping.ChooseShippingOption(
        body.to_message(parent=cart_name(shop, cart_id))
    )
    return CARTS.one(query, answer.document)
