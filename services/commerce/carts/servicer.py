"""StoreCartService: what a shopper does with a cart, until it is an order."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from souk.commerce.v1 import cart_pb2
from souk.commerce.v1 import store_cart_service_pb2 as pb
from souk.commerce.v1.store_cart_service_pb2_grpc import StoreCartServiceServicer

from services.commerce.caller import current_customer
from services.commerce.carts import items
from services.commerce.carts.changes import (
    CART,
    CartChanges,
    counted,
    existing,
    in_its_currency,
)
from services.commerce.carts.claims import CartClaims
from services.commerce.carts.content import CartContent
from services.commerce.carts.messages import (
    add_codes,
    remove_codes,
    require_currency,
    stored_metadata,
    update,
)
from services.commerce.carts.open_cart import OpenCart, chosen_market
from services.commerce.catalogue import Catalogue, Offers
from services.commerce.customers.groups import group_ids_of
from services.commerce.customers.own import own_row
from services.commerce.models import Cart
from services.commerce.promotions.finding import promotions_of
from services.commerce.setup.setup import Setups
from services.commerce.stock.queries import available
from services.kernel.call import names
from services.kernel.call.errors import Aborted, FailedPrecondition, InvalidArgument
from services.kernel.call.scope import current_scope
from services.kernel.data import requests
from services.kernel.data.database import Database
from services.values.structs import struct_json

FRESH = timedelta(seconds=30)
"""How old prices may be that are shown; before anything is charged, they are asked for again."""
_ITEM = "tenants/{tenant}/carts/{cart}/items/{item}"


class StoreCartServicer(StoreCartServiceServicer):
    def __init__(
        self, db: Database, catalogue: Catalogue, setups: Setups, carts: CartChanges
    ) -> None:
        self._db = db
        self._catalogue = catalogue
        self._setups = setups
        self._carts = carts
        self._claims = CartClaims(db, carts)

    async def CreateCart(self, request: pb.CreateCartRequest, _context: object) -> pb.CartAnswer:
        current_scope().require_parent(request.parent)
        variants, groups = {item.variant_id for item in request.items}, await self._groups()
        return await in_its_currency(
            current_scope().currency or "",
            lambda currency_code: self._catalogue.offers(
                variants,
                locale=request.cart.locale,
                currency_code=currency_code,
                groups=groups,
            ),
            lambda offers: self._create(request, offers),
        )

    async def _groups(self) -> Sequence[str]:
        """Returns the groups that the caller is in; a shopper who is not logged in is in none."""
        customer_id = current_customer()
        if customer_id is None:
            return ()
        async with self._db.act() as transaction:
            return await group_ids_of(transaction, customer_id)

    async def _create(self, request: pb.CreateCartRequest, offers: Offers) -> pb.CartAnswer:
        async with self._db.act() as transaction:
            if answer := await requests.stored_answer(transaction, request, pb.CartAnswer):
                return answer
            setup, now = await self._setups.current(transaction), datetime.now(UTC)
            market = chosen_market(setup.markets, request.cart.region_id)
            content = CartContent(
                region_id=market.id,
                currency_code=market.currency_code,
                shop_name=request.shop_display_name,
                shop_locale=request.shop_locale,
            )
            row = Cart(
                tenant_id=current_scope().tenant,
                cart_id=names.new_unguessable_id("cart"),
                customer_id=current_customer(),
                create_time=now,
            )
            if row.customer_id is not None:
                content.email = (await own_row(transaction)).email
            stock = await available(transaction, counted(offers), now)
            group_ids = await group_ids_of(transaction, row.customer_id)
            cart = OpenCart(row, content, setup, offers, stock, group_ids, now)
            require_currency(market, request.currency_code)
            update(cart, request.cart)
            for place, item in enumerate(request.items):
                _add(cart, item, at=f"items[{place}].")
            cart.enter_currency()
            cart.put(cart.price(await promotions_of(transaction, cart)))
            await transaction.insert(row)
            answer = pb.CartAnswer(document=row.document)
            return await requests.remember(transaction, request, answer)

    async def GetCart(self, request: pb.GetCartRequest, _context: object) -> pb.CartAnswer:
        cart_id = _cart_id(request.name)
        async with self._db.act() as transaction:
            row = await existing(transaction, cart_id, to_show=True)
        if row.complete_time or row.attempt_id or row.update_time > datetime.now(UTC) - FRESH:
            return pb.CartAnswer(document=row.document)
        try:
            return await self._carts.change(cart_id, lambda _: None)
        except (FailedPrecondition, Aborted):
            # Its region is gone, or it has just become an order: it is shown as it is stored.
            async with self._db.act() as transaction:
                row = await existing(transaction, cart_id, to_show=True)
            return pb.CartAnswer(document=row.document)

    async def UpdateCart(self, request: pb.UpdateCartRequest, _context: object) -> pb.CartAnswer:
        return await self._carts.change(
            _cart_id(request.cart.name),
            lambda cart: update(cart, request.cart, request.update_mask),
        )

    async def ClaimCart(self, request: pb.ClaimCartRequest, _context: object) -> pb.CartAnswer:
        return await self._claims.claim(_cart_id(request.name))

    async def TaxCart(self, request: pb.TaxCartRequest, _context: object) -> pb.CartAnswer:
        return await self._carts.change(_cart_id(request.name), _tax)

    async def AddCartItem(self, request: pb.AddCartItemRequest, _context: object) -> pb.CartAnswer:
        return await self._carts.change(
            _cart_id(request.parent),
            lambda cart: _add(cart, request.item),
            variants=[request.item.variant_id],
            request=request,
        )

    async def UpdateCartItem(
        self, request: pb.UpdateCartItemRequest, _context: object
    ) -> pb.CartAnswer:
        cart_id, item_id = _item_id(request.name)

        def act(cart: OpenCart) -> None:
            item = items.existing(cart.content, item_id)
            if request.HasField("metadata"):
                items.set_metadata(item, struct_json(request.metadata), cart.now)
            if request.HasField("quantity"):
                items.set_quantity(cart.content, item, request.quantity, cart.now)
                if request.quantity:
                    cart.refuse_shortage(item.variant_id)

        return await self._carts.change(cart_id, act)

    async def RemoveCartItem(
        self, request: pb.RemoveCartItemRequest, _context: object
    ) -> pb.CartAnswer:
        cart_id, item_id = _item_id(request.name)

        def act(cart: OpenCart) -> None:
            cart.content.items.remove(items.existing(cart.content, item_id))

        return await self._carts.change(cart_id, act)

    async def AddCartPromotions(
        self, request: pb.AddCartPromotionsRequest, _context: object
    ) -> pb.CartAnswer:
        return await self._carts.change(
            _cart_id(request.parent),
            lambda cart: add_codes(cart.content, request.promo_codes),
        )

    async def RemoveCartPromotions(
        self, request: pb.RemoveCartPromotionsRequest, _context: object
    ) -> pb.CartAnswer:
        return await self._carts.change(
            _cart_id(request.parent),
            lambda cart: remove_codes(cart.content, request.promo_codes),
        )


def _tax(cart: OpenCart) -> None:
    """Taxes a cart from now on, where its region does not by itself."""
    address = cart.content.shipping_address
    if address is None or not address.country_code:
        raise InvalidArgument(
            "COUNTRY_MISSING",
            "Taxes depend on where the cart goes. Set the country_code of its shipping_address"
            " first.",
        )
    cart.content.is_taxed = True


def _add(cart: OpenCart, item: cart_pb2.CartItem, *, at: str = "") -> None:
    """Adds what a client wants; `at` is where in the request it says so."""
    cart.require_offers()
    cart.offers[item.variant_id].refuse_unsellable(field=f"{at}variant_id")
    metadata = stored_metadata(item.metadata)
    items.add(cart.content, item.variant_id, item.quantity, metadata, cart.now, at=at)
    cart.refuse_shortage(item.variant_id)


def _cart_id(name: str) -> str:
    current_scope().require(name)
    return names.parse(name, CART)[1]


def _item_id(name: str) -> tuple[str, str]:
    current_scope().require(name)
    _, cart_id, item_id = names.parse(name, _ITEM)
    return cart_id, item_id
