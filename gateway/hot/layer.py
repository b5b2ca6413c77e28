"""Stands between the guard and the routes, and answers hot reads from memory.

The guard has resolved the tenant by then and counted the request, and logs the answer. Only what
asks the routes takes a slot of the fair queue: an answer from memory holds nothing up.
"""

import asyncio
from collections.abc import Callable, Hashable

from gateway.asgi import App, Message, Receive, Scope, Send
from gateway.cache.single_flight import SingleFlight
from gateway.hot import conditions
from gateway.hot.answers import Answers, Versions
from gateway.hot.counting import Counting
from gateway.hot.reads import HotReads, Read
from gateway.hot.recorder import Answer, length_of, recorded
from gateway.hot.versions import PolledVersions
from gateway.medusa.errors import Refused
from gateway.medusa.headers import is_current
from gateway.metrics import Metrics
from gateway.request_state import RequestState, of_scope
from gateway.tenancy import KnownTenant, Resolution, Tenancy, locale_in, supported_locale
from services.kernel.call.errors import InvalidArgument, ServiceError

_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Hot:
    """What the layer keeps in this process."""

    def __init__(
        self,
        tenancy: Tenancy,
        catalogues: PolledVersions,
        setups: PolledVersions,
        counting: Counting,
        metrics: Metrics,
        *,
        head_office: str,
        most_bytes: int,
    ) -> None:
        self.tenancy = tenancy
        self.head_office = head_office
        self.catalogues = catalogues
        self.setups = setups
        self.counting = counting
        self.metrics = metrics
        self.answers = Answers(most_bytes, metrics)
        self.flights: SingleFlight[Answer] = SingleFlight()
        self.compressing: SingleFlight[None] = SingleFlight()

    def invalidate_versions(self) -> None:
        """Makes each tenant's next read ask again: something may have changed until now."""
        self.catalogues.invalidate_all()
        self.setups.invalidate_all()
        self.counting.invalidate_all()

    async def close(self) -> None:
        await self.catalogues.close()
        await self.setups.close()
        await self.counting.close()
        await self.flights.close()
        await self.compressing.close()


class HotLayer:
    """Answers hot reads from memory, if that is current, and passes on everything else."""

    def __init__(self, app: App, hot: Callable[[], Hot], reads: HotReads) -> None:
        self._app = app
        self._hot = hot
        self._reads = reads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] not in _READS:
            await self._write(scope, receive, send)
        elif (read := self._read(scope)) is None:
            await self._app(scope, receive, send)
        else:
            await self._answer(read, scope, receive, send)

    def _read(self, scope: Scope) -> Read | None:
        if scope["method"] != "GET":  # the guard makes GET of HEAD
            return None
        read = self._reads.read(scope["path"], scope["query_string"])
        if read is None or read.locale:
            return read
        try:
            return read._replace(locale=locale_in(of_scope(scope).fields))
        except InvalidArgument:  # the route will refuse it
            return None

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Doubts all versions before an answer goes out that may be of an act.

        No act is without an event, so strangers, who cause none, make nobody ask again.
        """
        hot, state = self._hot(), of_scope(scope)

        async def invalidating(message: Message) -> None:
            is_start = message["type"] == "http.response.start"
            if is_start and (state.events or message["status"] >= 500):
                hot.invalidate_versions()
            await send(message)

        try:
            await self._app(scope, receive, invalidating)
        except Refused:  # by the fair queue: no route ran
            raise
        except BaseException:
            hot.invalidate_versions()
            raise

    async def _answer(self, read: Read, scope: Scope, receive: Receive, send: Send) -> None:
        state = of_scope(scope)
        tenant, office = await self._open_shop(state), await self._office()
        if tenant is None or office is None:
            await self._app(scope, receive, send)
            return
        state.tenant = tenant.id
        read = read._replace(locale=supported_locale(tenant, read.locale))
        hot = self._hot()
        # The catalogue's last, so that nothing else is waited for after it was asked for.
        setup = await self._setup_version(read, tenant)
        version = await hot.catalogues.current(tenant.id)
        versions: Versions | None = None
        if version is None:
            hot.metrics.hot_answer("uncached")
            answer = await recorded(self._app, scope, tenant, read.locale)
        else:
            # Texts that are not translated are in the head office's locale.
            versions = version, setup, (tenant, office.default_locale)
            answer = await self._from_memory(read, versions, scope, tenant)
        if answer.counted_variants:
            read = read._replace(quantities=await hot.counting.quantities(tenant, answer))
            answer = self._completed(read, versions, answer, tenant)
        scope["route"] = answer.route
        await self._send(read, answer, state, send)

    async def _open_shop(self, state: RequestState) -> KnownTenant | None:
        """Returns the shop; None if there is none, or nobody can tell, which the route says."""
        resolution = state.get(Resolution)
        if resolution is None or (resolution.named and resolution.found is None):
            return None
        try:
            tenant = resolution.found or await self._hot().tenancy.fallback()
        except (ServiceError, Refused):
            return None
        return tenant if tenant.is_open else None

    async def _office(self) -> KnownTenant | None:
        """Returns the head office; None if nobody can tell, which the route says."""
        try:
            return await self._hot().tenancy.find(self._hot().head_office)
        except ServiceError:
            return None

    async def _setup_version(self, read: Read, tenant: KnownTenant) -> int | None:
        """Returns the set-up's version; for what does not depend on it, whichever is known."""
        setups = self._hot().setups
        return await setups.current(tenant.id) if read.needs_setup else setups.last(tenant.id)

    async def _from_memory(
        self, read: Read, versions: Versions, scope: Scope, tenant: KnownTenant
    ) -> Answer:
        hot, (_, setup, _) = self._hot(), versions
        answer = hot.answers.get(tenant.id, versions, read)
        if answer is not None:
            hot.metrics.hot_answer("hit")
            return answer

        async def make() -> Answer:
            made = await recorded(self._app, scope, tenant, read.locale)
            # What was before must not count as this version's.
            if made.is_cacheable and not (made.is_last_known and setup is not None):
                hot.answers.put(tenant.id, versions, read, made)
            return made

        # The versions were read before, so what this makes is theirs or newer. The configuration in
        # them has the tenant's id, so no flight is shared with another shop.
        key: Hashable = (versions, read)
        hot.metrics.hot_answer("shared" if key in hot.flights else "miss")
        return await hot.flights.join(key, make)

    def _completed(
        self, read: Read, versions: Versions | None, answer: Answer, tenant: KnownTenant
    ) -> Answer:
        """Returns the answer with the read's quantities, the same one as long as these are so."""
        answers = self._hot().answers
        if versions is None:
            return answer.with_quantities(read.quantities)
        made = answers.get(tenant.id, versions, read)
        if made is None:
            made = answer.with_quantities(read.quantities)
            answers.put(tenant.id, versions, read, made)
        return made

    async def _send(self, read: Read, answer: Answer, state: RequestState, send: Send) -> None:
        status, headers, body = answer.status, answer.headers, answer.body
        fields = state.fields
        if status != 200:
            body = answer.body_for(state.request_id)
            headers = [*headers, length_of(body)]
        elif is_current(fields.joined(b"if-none-match"), answer.etag):
            status, headers, body = 304, answer.validators, b""
        elif conditions.accepts_gzip(fields.joined(b"accept-encoding")):
            await self._zip(read, answer, state.tenant)
            if answer.gzipped:
                headers, body = answer.gzip_headers, answer.gzipped
        else:
            answer.was_sent = True
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _zip(self, read: Read, answer: Answer, tenant: str) -> None:
        """Compresses a body once, for the second who asks: many pages are read only once."""
        if answer.gzipped or not answer.was_sent or len(answer.body) < conditions.LEAST_COMPRESSED:
            answer.was_sent = True
            return
        hot = self._hot()

        async def pack() -> None:
            body = await asyncio.to_thread(conditions.gzipped, answer.body)
            hot.answers.gzipped(tenant, read, answer, body)

        await hot.compressing.join(id(answer), pack)
