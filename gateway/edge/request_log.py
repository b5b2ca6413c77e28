"""The log line of each request: one JSON object, written without the logging library.

The library would cost more than a hot request itself. Queries and headers are not logged, because
they contain personal data and tokens.
"""

import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from services.kernel.call.redaction import redacted

_PATH_CHARACTERS = 200
_gate = logging.getLogger("gateway.request")


class Answered(Protocol):
    request_id: str
    method: str
    status: int


def _shown(path: str) -> str:
    """Returns a path for the log, shortened and with any pasted tokens or keys redacted."""
    shown = redacted(path[:_PATH_CHARACTERS])
    return shown.encode("utf-8", "replace").decode()


def log_request(
    scope: MutableMapping[str, Any],
    answered: Answered,
    *,
    tenant: str,
    route: str,
    seconds: float,
) -> None:
    if not _gate.isEnabledFor(logging.INFO):
        return
    line = orjson.dumps(
        {
            "event": "request",
            "process": "gateway",
            "level": "info",
            "timestamp": datetime.now(UTC).isoformat(),
            "method": answered.method,
            "path": _shown(scope["path"]),
            "route": route,
            "status": answered.status,
            "ms": round(seconds * 1000, 2),
            "tenant": tenant,
            "request_id": answered.request_id,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
    sys.stdout.buffer.write(line)
    sys.stdout.flush()
