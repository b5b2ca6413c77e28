"""Chooses how a cart is paid: a provider that is called is asked between transactions."""

from datetime import UTC, datetime

from services.commerce.carts.changes import Act, CartChanges
from services.commerce.carts.content import CartContent, PaymentSession
from services.commerce.carts.open_cart import OpenCart
from services.commerce.payments import sessions
from services.commerce.payments.provider_payments import Charge, ProviderPayment
from services.commerce.payments.providers import Providers
from services.kernel.call import names
from services.kernel.call.errors import conflict, invalid
from services.kernel.call.scope import current_scope
from services.kernel.data.database import Database


class Paying:
    def __init__(self, db: Database, carts: CartChanges, providers: Providers) -> None:
        self._db = db
        self._carts = carts
        self._providers = providers

    async def change(self, cart_id: str, act: Act) -> CartContent:
        """Changes how a cart is paid for; returns what is left after it was priced anew."""
        changed: list[CartContent] = []

        def change(cart: OpenCart) -> None:
            act(cart)
            changed.append(cart.content)

        await self._carts.change(cart_id, change)
        return changed[-1]

    async def choose(self, cart_id: str, provider_id: str) -> CartContent:
        """Chooses how a cart is paid; the same again for the same provider and amount.

        Raises:
            InvalidArgument: PROVIDER_UNKNOWN.
            FailedPrecondition: AMOUNT_NOT_CHARGEABLE or PAYMENT_PROVIDER_REFUSED.
            Aborted: CONFLICT, the cart was changed in the meantime.
            Unavailable: PAYMENT_PROVIDER_UNAVAILABLE.
        """

        def act(cart: OpenCart) -> None:
            known = [one for one in cart.market.payment_providers if one in self._providers.ids]
            if provider_id not in known:
                text = f"must be {' or '.join(known)}" if known else "none is taken in this region"
                raise invalid("PROVIDER_UNKNOWN", {"provider_id": text})
            _choose(cart, provider_id)

        content = await self.change(cart_id, act)
        provider = self._providers.called(provider_id)
        if provider is None or not content.payment_sessions:
            return content
        [chosen] = content.payment_sessions
        charge = Charge(
            current_scope().tenant or "",
            cart_id,
            chosen.id,
            chosen.amount,
            content.currency_code,
        )
        return await self._keep(cart_id, chosen, await provider.open(charge))

    async def _keep(
        self, cart_id: str, chosen: PaymentSession, payment: ProviderPayment
    ) -> CartContent:
        """Stores whose payment it is, then gives it to the cart if that still wants it.

        Raises:
            Aborted: CONFLICT, the cart was changed in the meantime.
        """
        async with self._db.act() as transaction:
            await sessions.remember(
                transaction,
                session_id=chosen.id,
                cart_id=cart_id,
                provider_id=chosen.provider_id,
                external_id=payment.id,
                now=datetime.now(UTC),
            )

        def act(cart: OpenCart) -> None:
            for one in cart.content.payment_sessions:
                if one.id == chosen.id:
                    one.data = {"id": payment.id, "client_secret": payment.client_secret}

        content = await self.change(cart_id, act)
        if chosen.id not in content.called_sessions:
            async with self._db.act() as transaction:
                await sessions.drop(transaction, [chosen.id], datetime.now(UTC))
            raise conflict()
        return content


def _choose(cart: OpenCart, provider_id: str) -> None:
    collection = cart.content.payment_collection
    if collection is None:
        return
    for one in collection.sessions:
        # What a provider is asked for twice is one payment, so two requests at once do no harm.
        if provider_id == one.provider_id and one.status != "canceled":
            return
    collection.sessions = [
        PaymentSession(
            id=names.new_id("payses"),
            provider_id=provider_id,
            amount=collection.amount,
            created_at=cart.now,
        )
    ]
    collection.status, collection.updated_at = "awaiting", cart.now
