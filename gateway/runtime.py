"""The parts of one gateway process: built from the settings, started and closed together."""

from dataclasses import dataclass
from typing import Annotated, Self

from fastapi import Depends, Request
from souk.catalog_opt_in.v1.storefront_service_pb2 import ListCatalogueVersionsRequest
from souk.commerce.v1.store_market_service_pb2 import ListSetupVersionsRequest

from gateway.clients import Clients
from gateway.edge.client_address import Addresses
from gateway.edge.fair_queue import PICTURES_AT_ONCE, FairQueue, RefusalPace
from gateway.edge.guard import Edge
from gateway.edge.request_log import RequestLog
from gateway.hot import Hot
from gateway.hot.counting import Counting, counted_by
from gateway.hot.versions import PolledVersions, asking
from gateway.identity.access_facts import AccessFacts
from gateway.identity.api_keys import ApiKeys
from gateway.identity.customer_tokens import CustomerTokens
from gateway.identity.principals import Identity
from gateway.identity.session_tokens import Sessions
from gateway.limits import Kind, Limiter, RedisCounts
from gateway.limits.admission import Admission, LookupLimit
from gateway.metrics import Metrics
from gateway.pictures.store import PictureStore, opened
from gateway.settings import GatewaySettings
from gateway.store.markets import Markets
from gateway.tenancy import Tenancy
from gateway.tenancy.hosts import Hosts
from gateway.tenancy.redis_tenants import RedisTenants
from gateway.tenancy.registry_lookups import RegistryLookups
from services.kernel.process.secret_files import ring
from services.kernel.process.signing_keys import read_set


@dataclass(frozen=True, slots=True)
class Runtime:
    """It is on `app.state` since startup; each package takes its own part from there."""

    clients: Clients
    metrics: Metrics
    limiter: Limiter
    tenancy: Tenancy
    identity: Identity
    edge: Edge
    fair_queue: FairQueue
    picture_queue: FairQueue
    hot: Hot
    pictures: PictureStore
    markets: Markets

    @classmethod
    def build(cls, settings: GatewaySettings) -> Self:
        """Builds all parts; needs a running event loop, but calls nobody."""
        clients, metrics = Clients(settings), Metrics()
        limiter = Limiter(RedisCounts(str(settings.redis)))
        tenancy = Tenancy(
            RegistryLookups(clients, LookupLimit(limiter).allows),
            RedisTenants(str(settings.redis), settings.secret_file("redis.key", ring)),
            base_domain=settings.base_domain,
            fallback=settings.fallback,
        )
        admission = Admission(
            limiter, tenancy, metrics, logins_per_minute=settings.logins_per_minute
        )
        identity = Identity(
            sessions=Sessions(settings.secret_file("session.jwks", read_set)),
            customers=CustomerTokens(settings.secret_file("customer.jwks", read_set)),
            access_facts=AccessFacts(clients),
            api_keys=ApiKeys(clients),
            clients=clients,
            tenancy=tenancy,
            admission=admission,
            head_office=settings.head_office,
        )
        edge = Edge(
            base_domain=settings.base_domain,
            hosts=Hosts(settings.base_domain, settings.platform_hosts),
            addresses=Addresses([*settings.trusted_proxies]),
            tenancy=tenancy,
            admission=admission,
            refusal_pace=RefusalPace(),
            metrics=metrics,
            request_log=RequestLog(),
            upload_bytes=settings.upload_bytes,
        )
        hot = Hot(
            tenancy,
            PolledVersions(
                "catalogue",
                asking(clients.storefront.ListCatalogueVersions, ListCatalogueVersionsRequest),
                metrics,
            ),
            PolledVersions(
                "setup",
                asking(clients.markets.ListSetupVersions, ListSetupVersionsRequest),
                metrics,
            ),
            Counting(counted_by(clients)),
            metrics,
            head_office=settings.head_office,
            most_bytes=settings.hot_bytes,
        )
        pictures = PictureStore(
            opened(settings.uploads, settings.secrets), head_office=settings.head_office
        )
        return cls(
            clients=clients,
            metrics=metrics,
            limiter=limiter,
            tenancy=tenancy,
            identity=identity,
            edge=edge,
            fair_queue=FairQueue(),
            picture_queue=FairQueue(PICTURES_AT_ONCE),
            hot=hot,
            pictures=pictures,
            markets=Markets(clients),
        )

    def queue_of(self, kind: Kind) -> FairQueue:
        """Returns the queue for whose slots a kind of request waits."""
        return self.picture_queue if kind is Kind.PICTURE else self.fair_queue

    def start(self) -> None:
        self.tenancy.start()
        self.limiter.start()

    async def close(self) -> None:
        await self.hot.close()
        await self.limiter.close()
        await self.tenancy.close()
        await self.clients.close()


# Async, because FastAPI would run a plain function in a thread for each request.
async def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


RuntimeOf = Annotated[Runtime, Depends(_runtime)]
