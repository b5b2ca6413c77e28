"""Looks after what was begun and left: attempts to order, and payments that nobody wants any more.

Whoever began it may have died, or the provider may have been out of reach. The provider is asked
what became of the payment; then the order is made, or the money given back.
"""

from collections.abc import Callable, Coroutine, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from souk.commerce.v1 import store_checkout_service_pb2 as pb

from services.commerce.models import Attempt, ProviderSession
from services.commerce.orders import attempts
from services.commerce.orders.attempts import CLAIMED
from services.commerce.orders.settlement import Settlement
from services.commerce.payments import sessions
from services.commerce.payments.providers import Providers, configured_providers
from services.kernel.call.errors import ServiceError
from services.kernel.call.scope import Scope, bound
from services.kernel.data.database import Database
from services.kernel.process.logs import logger
from services.kernel.serving.chores import repeat
from services.kernel.serving.server import Runtime

EVERY_SECONDS = 5.0
MOST_AT_ONCE = 20
AGAIN_AFTER = timedelta(seconds=30)
"""When something is looked after again that could not be brought to an end."""

_COMPLETE = pb.DESCRIPTOR.services_by_name["StoreCheckoutService"].methods_by_name["CompleteCart"]
_METHOD = f"{_COMPLETE.containing_service.full_name}/{_COMPLETE.name}"
_log = logger()
T = TypeVar("T", Attempt, ProviderSession)


async def run(runtime: Runtime) -> None:
    """Sweeps every few seconds until it is cancelled."""
    providers = configured_providers(runtime.settings.secrets)
    if not providers.called_ids:
        return
    sweep = Sweeper(runtime.db, providers).sweep
    await repeat(sweep, every_seconds=EVERY_SECONDS, chore="payment_sweep")


class Sweeper:
    def __init__(self, db: Database, providers: Providers) -> None:
        self._db = db
        self._providers = providers
        self._settlement = Settlement(db, providers)

    async def sweep(self) -> None:
        """Does what is due now, for all tenants."""
        await _each(await self._due(Attempt, CLAIMED), self._settlement.settle)
        await _each(await self._due(ProviderSession, sessions.DROPPED), self._give_back)

    async def _due(self, kind: type[T], state: str) -> Sequence[T]:
        now = datetime.now(UTC)
        async with self._db.housekeeping() as session:
            return await attempts.take_due(
                session,
                kind,
                state,
                provider_ids=self._providers.called_ids,
                now=now,
                again=now + AGAIN_AFTER,
                most=MOST_AT_ONCE,
            )

    async def _give_back(self, dropped: ProviderSession) -> None:
        provider = self._providers.called(dropped.provider_id)
        if provider is not None and await provider.give_back(dropped.external_id):
            async with self._db.act() as act:
                await sessions.end(act, dropped.session_id)


async def _each(rows: Sequence[T], look_after: Callable[[T], Coroutine[Any, Any, object]]) -> None:
    """Looks after each in its tenant's name; one that fails stops no other."""
    for row in rows:
        with bound(Scope(row.tenant_id, "services/commerce", frozenset()), _METHOD):
            try:
                await look_after(row)
            except ServiceError as error:
                _log.warning("payment_waits", reason=error.reason, cart=row.cart_id)
            except Exception:
                _log.exception("payment_stuck", cart=row.cart_id)
