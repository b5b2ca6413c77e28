"""The log line of each request: one JSON object, written without the logging library.

The library would cost more than a hot request itself. Queries and headers are not logged, because
they contain personal data and tokens.
"""

import asyncio
import logging
import sys
import time

import orjson

from services.kernel.call.redaction import redacted

_PATH_CHARACTERS = 200
_log = logging.getLogger("gateway.request")


class RequestLog:
    """Writes the lines of all requests that end in one turn of the event loop at once."""

    def __init__(self) -> None:
        self._is_wanted = _log.isEnabledFor(logging.INFO)
        self._lines: list[bytes] = []
        self._second, self._date = 0, ""

    def request(
        self,
        path: str,
        *,
        method: str,
        status: int,
        tenant: str,
        route: str,
        request_id: str,
        seconds: float,
    ) -> None:
        if not self._is_wanted:
            return
        line = orjson.dumps(
            {
                "event": "request",
                "process": "gateway",
                "level": "info",
                "timestamp": self._now(),
                "method": method,
                "path": _loggable(path),
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 2),
                "tenant": tenant,
                "request_id": request_id,
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._write)
        self._lines.append(line)

    def _now(self) -> str:
        now = time.time()
        second = int(now)
        if second != self._second:
            self._second = second
            self._date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._date}.{int((now - second) * 1e6):06d}+00:00"

    def _write(self) -> None:
        lines = b"".join(self._lines)
        self._lines.clear()
        sys.stdout.buffer.write(lines)
        sys.stdout.flush()


def _loggable(path: str) -> str:
    """Returns a path for the log, shortened and with any pasted tokens or keys redacted."""
    text = redacted(path[:_PATH_CHARACTERS])
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
