"""`GET /internal/tls-ask?domain=`: whether a TLS proxy may get a certificate for a host.

Proxies with on-demand TLS ask during a handshake, for whatever name a client has sent. Known names
are answered from memory; strangers' cost the registry no more look-ups than one client's requests.
"""

from collections.abc import Mapping

from gateway.medusa.errors import Refused
from gateway.runtime import Runtime
from services.kernel.call.errors import Unavailable
from services.kernel.operation.endpoints import Answer, json_answer
from services.values.hosts import HostInvalid, is_platform_literal

PATH = "/internal/tls-ask"
_ASKING = "tls-ask"  # in place of a client's address: a proxy does not say for whom it asks


async def answer(runtime: Runtime, query: Mapping[str, str]) -> Answer:
    """Returns 200 for hosts of the platform's own and of open shops, 404 for any other.

    503 if that cannot be told now. A proxy takes everything but 200 for a no, and asks again.
    """
    raw = query.get("domain", "").encode()
    try:
        host = runtime.edge.hosts.read(raw)
        if host.is_platform:
            is_known = not is_platform_literal(raw)
        else:
            is_known = await runtime.tenancy.owner(host.name, _ASKING) is not None
    except HostInvalid as error:
        return json_answer(400, {"message": f"domain {error.message}"})
    except (Unavailable, Refused):
        return json_answer(503, {"message": "It cannot be told now whose host that is."})
    return json_answer(200 if is_known else 404, {"is_known": is_known})
