"""Takes an answer from the routes, for a request that has nothing of a caller's."""

from dataclasses import dataclass, field

from gateway.asgi import App, Message, Scope
from gateway.hot import conditions
from gateway.limits import Holder, Kind
from gateway.medusa.places import filled
from gateway.request_state import RequestState, attach, of_scope
from gateway.tenancy import KnownTenant, Resolution, Source, fields_of_locale

Quantities = tuple[int | None, ...]
Pairs = list[tuple[bytes, bytes]]
# All that a route may see of the request. Its headers, cookies and address are the caller's.
_PASSED_ON = ("type", "asgi", "http_version", "scheme", "method", "path", "raw_path", "root_path")
_OWN_HEADERS = (b"content-length", b"etag")


@dataclass(slots=True)
class Answer:
    """An answer of the routes.

    `headers` are all that whoever gets `body` is sent of it, and `validators` what is sent of them
    to who has it already. `route` is for metrics. `request_id` is in the body of an error; whoever
    is sent the answer gets its own instead. `gzipped` is the compressed body, empty until there is
    one. `is_last_known` and `counted_variants` are as in RequestState; `quantities` are those that
    were counted last, at a monotonic time.
    """

    status: int = 0
    headers: Pairs = field(default_factory=list)
    validators: Pairs = field(default_factory=list)
    body: bytes = b""
    route: object = None
    etag: bytes = b""
    request_id: bytes = b""
    gzipped: bytes = b""
    was_sent: bool = False
    is_last_known: bool = False
    counted_variants: tuple[str, ...] = ()
    quantities: Quantities = ()
    counted_at: float = float("-inf")

    @property
    def is_cacheable(self) -> bool:
        """Whether the next one who asks may get the same: a document, or that there is none."""
        return self.status in (200, 404)

    @property
    def gzip_headers(self) -> Pairs:
        """The headers of the compressed body."""
        return [*self.headers[:-1], conditions.GZIP, length_of(self.gzipped)]

    def with_quantities(self, quantities: Quantities) -> "Answer":
        """Returns the answer with these quantities in their places."""
        body = filled(self.body, quantities)
        etag = conditions.etag_of(body)
        validators = [(b"etag", etag), *self.validators[1:]]
        others = self.headers[len(validators) : -1]
        return Answer(
            self.status,
            [*validators, *others, length_of(body)],
            validators,
            body,
            self.route,
            etag,
            self.request_id,
        )

    def body_for(self, request_id: str) -> bytes:
        if self.status < 400:
            return self.body
        return self.body.replace(self.request_id, request_id.encode())


async def recorded(app: App, scope: Scope, tenant: KnownTenant, locale: str) -> Answer:
    """Asks the routes, in the name of nobody, what a tenant's shop answers in a locale."""
    request_id = of_scope(scope).request_id
    state = RequestState(request_id=request_id, fields=fields_of_locale(locale), tenant=tenant.id)
    # The slot of the shop that is asked: that is what the request was counted for.
    state.put(Holder(tenant.id, Kind.STORE_READ))
    state.put(Resolution(tenant, Source.HOST, tenant.id))
    inner = {name: scope[name] for name in _PASSED_ON if name in scope}
    inner |= {"query_string": scope["query_string"], "headers": [], "client": None, "state": {}}
    attach(inner, state)
    answer = Answer(request_id=request_id.encode())
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            answer.headers = [
                pair for pair in message.get("headers", ()) if pair[0] not in _OWN_HEADERS
            ]
        else:
            parts.append(message.get("body", b""))

    await app(inner, receive, send)
    answer.body, answer.route = b"".join(parts), inner.get("route")
    answer.is_last_known = state.is_last_known
    answer.counted_variants = tuple(state.counted_variants)
    if answer.status == 200:
        answer.etag = conditions.etag_of(answer.body)
        tag = (b"cache-tag", tenant.id.encode())
        language = (b"content-language", locale.encode())
        answer.validators = [(b"etag", answer.etag), conditions.CACHE_CONTROL, tag, language]
        answer.headers = [*answer.validators, *answer.headers, length_of(answer.body)]
    return answer


def length_of(body: bytes) -> tuple[bytes, bytes]:
    return (b"content-length", str(len(body)).encode())
