"""Asks catalog-opt-in what variants cost and whether they may be sold."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import grpc
import orjson
from souk.catalog_opt_in.v1 import storefront_service_pb2 as pb
from souk.catalog_opt_in.v1.storefront_service_pb2_grpc import StorefrontServiceStub

from services.commerce.carts.content import QuantityPrice, Quote
from services.kernel.call.client import channel
from services.kernel.call.credentials import Signer
from services.kernel.call.errors import InvalidArgument, from_rpc
from services.kernel.call.scope import bound, current_scope
from services.kernel.process.certificates import Certificate
from services.kernel.process.secret_files import Secret

_REASON = pb.VariantQuote.Reason
_PERMISSIONS = frozenset({"storefront:read"})
Q = TypeVar("Q")
A = TypeVar("A")


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

    @property
    def is_counted(self) -> bool:
        """Whether no more are sold than there are in stock."""
        return self.quote.manage_inventory and not self.quote.allow_backorder


Offers = Mapping[str, Offer]
"""Offers by the ids of their variants."""


class Catalogue:
    """A client of catalog-opt-in, which answers for the tenant of the current scope."""

    def __init__(
        self, address: str, signer: Signer, certificate: Secret[Certificate] | None = None
    ) -> None:
        self._channel = channel(
            address,
            signer=signer,
            audience="catalog-opt-in",
            contract=[pb.DESCRIPTOR],
            certificate=certificate,
        )
        self._storefront = StorefrontServiceStub(self._channel)

    async def unknown(self, variant_ids: Collection[str]) -> set[str]:
        """Returns those of the variants that the tenant does not show, whether its shop is open.

        Raises:
            Unavailable: the catalogue does not respond.
        """
        if not variant_ids:
            return set()
        request = pb.QuoteVariantsRequest(
            parent=f"tenants/{current_scope().tenant}", variants=variant_ids
        )
        answer = await self._ask(self._storefront.QuoteVariants, request, for_staff=True)
        return {one.variant_id for one in answer.quotes if _REASON.REASON_UNKNOWN in one.reasons}

    async def variants(
        self, request: pb.ListStoreVariantsRequest
    ) -> tuple[list[dict[str, Any]], int]:
        """Reads a page of what the tenant shows, whether its shop is open, and how many there are.

        Raises:
            Unavailable: the catalogue does not respond.
        """
        answer = await self._ask(self._storefront.ListStoreVariants, request, for_staff=True)
        return [orjson.loads(document) for document in answer.documents], answer.total_size

    async def offers(
        self,
        variant_ids: Collection[str],
        *,
        locale: str,
        currency_code: str,
        groups: Collection[str],
    ) -> Offers:
        """Asks for variants, each once, in one call; none are asked for in vain.

        `groups` are those that the customer is in, which may have prices of their own.

        Raises:
            Unavailable: the catalogue does not respond.
        """
        if not variant_ids:
            return {}
        locales = dict.fromkeys(tag for tag in (locale, locale.split("-")[0]) if tag)
        request = pb.QuoteVariantsRequest(
            parent=f"tenants/{current_scope().tenant}",
            variants=variant_ids,
            locales=locales,
            currency_code=currency_code,
            customer_groups=groups,
        )
        answer = await self._ask(self._storefront.QuoteVariants, request)
        return {quote.variant_id: _offer(quote, currency_code) for quote in answer.quotes}

    async def _ask(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[Q, A],
        request: Q,
        *,
        for_staff: bool = False,
    ) -> A:
        scope = current_scope()
        own = replace(
            scope,
            actor="services/commerce",
            permissions=_PERMISSIONS,
            # Staff prepare a shop before it opens; one without a state is not refused.
            tenant_state="" if for_staff else scope.tenant_state,
            session="",
            address="",
            user_agent="",
            withheld=frozenset(),
        )
        try:
            with bound(own):
                return await method(request)
        except grpc.aio.AioRpcError as error:
            raise from_rpc(error) from None


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
            original=quote.original_price_minor,
            quantity_prices=[
                QuantityPrice(
                    price=p.price_minor,
                    original=p.original_price_minor,
                    least=p.min_quantity,
                    most=p.max_quantity,
                )
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
