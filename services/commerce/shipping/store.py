"""StoreShippingService: a shopper sees how a cart can be shipped, and chooses."""

from collections.abc import Callable

from souk.commerce.v1 import store_cart_service_pb2 as cart_pb
from souk.commerce.v1 import store_shipping_service_pb2 as pb
from souk.commerce.v1.store_shipping_service_pb2_grpc import StoreShippingServiceServicer

from services.commerce.carts.changes import CART, CartChanges
from services.commerce.carts.messages import stored_metadata
from services.commerce.carts.open_cart import OpenCart
from services.commerce.markets.rules import find
from services.commerce.shipping import methods
from services.commerce.shipping.document import option_document
from services.commerce.shipping.rules import Quoted
from services.commerce.stock.queries import available_at
from services.commerce.stock.rules import AvailableAt, is_short
from services.kernel.call import names
from services.kernel.call.errors import NotFound, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database

_OPTION = CART + "/shippingOptions/{shipping_option}"


class StoreShippingServicer(StoreShippingServiceServicer):
    def __init__(self, db: Database, carts: CartChanges) -> None:
        self._db = db
        self._carts = carts

    async def ListStoreShippingOptions(
        self, request: pb.ListStoreShippingOptionsRequest, _context: object
    ) -> pb.ListStoreShippingOptionsResponse:
        cart = await self._carts.viewed(_cart_id(request.parent))
        # Storefronts ask on every page, and this is no place to refuse a cart.
        if find(cart.setup.markets, cart.content.region_id) is None:
            return pb.ListStoreShippingOptionsResponse()
        lacks = await self._shortage(cart)
        documents = [
            option_document(
                found,
                cart.content.currency_code,
                includes_tax=cart.market.includes_tax,
                is_short=lacks(found),
            )
            for found in cart.shipping_options()
        ]
        return pb.ListStoreShippingOptionsResponse(documents=documents)

    async def CalculateShippingOption(
        self, request: pb.CalculateShippingOptionRequest, _context: object
    ) -> pb.StoreShippingOptionAnswer:
        current_scope().require(request.name)
        _, cart_id, option_id = names.parse(request.name, _OPTION)
        cart = await self._carts.viewed(cart_id)
        found = _offered(cart, option_id)
        if found is None:
            raise NotFound(
                "SHIPPING_OPTION_NOT_FOUND",
                f"This cart is not offered any shipping option {option_id[:100]}. List them again.",
            )
        lacks = await self._shortage(cart)
        document = option_document(
            found,
            cart.content.currency_code,
            includes_tax=cart.market.includes_tax,
            is_short=lacks(found),
            is_asked=True,
        )
        return pb.StoreShippingOptionAnswer(document=document)

    async def ChooseShippingOption(
        self, request: pb.ChooseShippingOptionRequest, _context: object
    ) -> cart_pb.CartAnswer:
        def act(cart: OpenCart) -> None:
            found = _offered(cart, request.option_id)
            if found is None:
                text = "must be one of the options that this cart is offered now: list them again"
                raise invalid("SHIPPING_OPTION_UNAVAILABLE", {"option_id": text})
            methods.choose(cart.content, found, stored_metadata(request.data), cart.now)

        return await self._carts.change(_cart_id(request.parent), act)

    async def _shortage(self, cart: OpenCart) -> Callable[[Quoted], bool]:
        """Returns what tells whether an option's location lacks what the cart has to ship."""
        lines = cart.demands_to_ship
        stock: AvailableAt = {}
        if lines:
            async with self._db.act() as transaction:
                variants = {line.variant_id for line in lines}
                stock = await available_at(transaction, variants, cart.now)
        return lambda found: is_short(lines, stock, found.option.location_id)


def _cart_id(name: str) -> str:
    current_scope().require(name)
    return names.parse(name, CART)[1]


def _offered(cart: OpenCart, option_id: str) -> Quoted | None:
    """Returns an option that the cart is offered; None, whether or not there is such an option."""
    offered = cart.shipping_options()
    return next((found for found in offered if found.option.rule.id == option_id), None)
