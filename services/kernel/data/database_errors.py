"""Database errors, translated into errors that a caller can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy import exc

from services.kernel.call.errors import DeadlineExceeded, ServiceError, Unavailable, conflict


@contextmanager
def translated() -> Iterator[None]:
    """Translates database errors into errors that a caller can act on."""
    try:
        yield
    except (exc.TimeoutError, TimeoutError) as error:
        # Before OSError, which a TimeoutError is as well: the pool is full, the server not lost.
        raise Unavailable("DATABASE_BUSY", "The database is busy. Retry later.") from error
    except exc.DBAPIError as error:
        raise _meaning(error, getattr(error.orig, "sqlstate", None) or "") from error
    except asyncpg.PostgresError as error:
        raise _meaning(error, error.sqlstate or "") from error
    except (OSError, asyncpg.InterfaceError) as error:
        raise Unavailable(
            "DATABASE_UNAVAILABLE", "The database does not respond. Retry later."
        ) from error


def _meaning(error: Exception, sqlstate: str) -> ServiceError | Exception:
    # 23505: a row appeared concurrently; code that expects this handles it before it gets here.
    if sqlstate in ("40001", "40P01", "55P03", "23505"):
        return conflict()
    if sqlstate == "57014":
        return DeadlineExceeded("DATABASE_SLOW", "The database took too long. Retry later.")
    # 25006: a primary that became a standby refuses writes; its successor accepts them.
    if (
        sqlstate[:2] in ("08", "53", "57", "58")
        or sqlstate == "25006"
        or (isinstance(error, exc.DBAPIError) and error.connection_invalidated)
    ):
        return Unavailable("DATABASE_UNAVAILABLE", "The database does not respond. Retry later.")
    # All else is a bug of ours: the interceptor logs it, and its caller learns nothing of it.
    return error
