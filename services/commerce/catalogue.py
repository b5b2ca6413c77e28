"""Asks catalog-opt-in what variants cost and whether they may be sold."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import grpc
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from services.commerce.carts.content import QuantityPrice, Quote
from services.kernel.call.client import channel
from services.kernel.call.credentials import Signer
from services.kernel.call.errors import InvalidArgument, from_rpc
from services.kernel.call.scope import bound, current_scope

_REASON = pb.VariantQuote.Reason
_PERMISSIONS = frozenset({"storefront:read"})


@dataclass(frozen=True, slots=True)
class Offer:
    """What the catalogue says of a variant in a currency; with `reasons`, it may not be sold."""

    quote: Quote
    reasons: tuple[str, ...]
    currency_code: str

    def refuse_unsellable(self, *, field: str) -> None:
        """Refuses to put into a cart what this shop does not sell.

        Raises:
            InvalidArgument: VARIANT_NOT_SOLD.
        """
        if self.reasons:
            raise InvalidArgument(
                "VARIANT_NOT_SOLD",
                "This shop does not sell this variant.",
                {field: "must be a variant that this shop sells"},
            )


Offers = Mapping[str, Offer]
"""Offers by the ids of their variants."""


class Catalogue:
    """A client of catalog-opt-in, which answers for the tenant of the current scope."""

    def __init__(self, address: str, signer: Signer) -> None:
        self._channel = channel(
            address, signer=signer, audience="catalog-opt-in", contract=[pb.DESCRIPTOR]
        )
        self._storefront = StorefrontServiceStub(self._channel)

    async def offers(
        self, variant_ids: Collection[str], *, locale: str, currency_code: str
    ) -> Offers:
        """Asks for variants, each once, in one call; none are asked for in vain.

        Raises:
            Unavailable: the catalogue does not respond.
        """
        if not variant_ids:
            return {}
        scope = current_scope()
        own = replace(
            scope,
            actor="services/commerce",
            permissions=_PERMISSIONS,
            session="",
            address="",
            user_agent="",
            withheld=frozenset(),
        )
        locales = dict.fromkeys(tag for tag in (locale, locale.split("-")[0]) if tag)
        request = pb.QuoteVariantsRequest(
            parent=f"tenants/{scope.tenant}",
            variants=variant_ids,
            locales=locales,
            currency_code=currency_code,
        )
        try:
            with bound(own):
                answer = await self._storefront.QuoteVariants(request)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None
        return {quote.variant_id: _offer(quote, currency_code) for quote in answer.quotes}


def _offer(quote: pb.VariantQuote, currency_code: str) -> Offer:
    product = quote.product
    return Offer(
        Quote(
            product_id=product.id,
            product_title=product.title,
            product_subtitle=product.subtitle,
            product_description=product.description,
            product_handle=product.handle,
            product_type_id=product.type_id,
            product_type=product.type,
            collection_id=product.collection_id,
            category_ids=list(product.category_ids),
            tag_ids=list(product.tag_ids),
            thumbnail=product.thumbnail,
            variant_title=quote.title,
            sku=quote.sku,
            barcode=quote.barcode,
            options=dict(quote.options),
            price=quote.price_minor,
            quantity_prices=[
                QuantityPrice(price=p.price_minor, least=p.min_quantity, most=p.max_quantity)
                for p in quote.quantity_prices
            ],
            manage_inventory=quote.manage_inventory,
            allow_backorder=quote.allow_backorder,
            discountable=product.discountable,
            is_giftcard=product.is_giftcard,
            weight_grams=quote.weight_grams,
            shipping_profile_id=product.shipping_profile_id,
        ),
        tuple(_REASON.Name(reason).removeprefix("REASON_") for reason in quote.reasons),
        currency_code,
    )
