"""The scope of a call: whose data it is about, who makes it, and what they may do."""

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from services.kernel.call.errors import PermissionDenied


@dataclass(frozen=True, slots=True)
class Scope:
    """The signed context of a call, bound once for its duration.

    `tenant` is a tenant's id, or None for the platform itself. `currency` is that tenant's, ISO
    4217 in upper case, `country` where it sells, ISO 3166-1 alpha-2 in upper case, and
    `tenant_state` its state in the registry, such as active or archived; each of the last two is
    empty if the caller does not say. `actor` is a resource name such as admins/user_01….
    `permissions` are `noun:verb` words. `session` is the id of the actor's session, `address` the
    client's IP address, and `user_agent` what the client claims to be; each may be empty.
    `withheld` lists permissions that the actor would have with an access grant; they allow nothing.
    """

    tenant: str | None
    actor: str
    permissions: frozenset[str]
    currency: str | None = None
    country: str = ""
    tenant_state: str = ""
    request_id: str = ""
    session: str = ""
    address: str = ""
    user_agent: str = ""
    withheld: frozenset[str] = frozenset()

    def require(self, name: str) -> None:
        """Refuses a resource name that is neither the tenant's own nor below it.

        Raises:
            PermissionDenied: SCOPE_MISMATCH, also for a tenant that does not exist.
        """
        own = f"tenants/{self.tenant}"
        if self.tenant is None or not (name == own or name.startswith(own + "/")):
            raise PermissionDenied(
                "SCOPE_MISMATCH",
                f"{name or 'The resource'} is outside {own if self.tenant else 'this scope'}.",
                resource=name[:200],
            )

    def require_parent(self, name: str) -> None:
        """Refuses a parent name other than the tenant itself.

        Raises:
            PermissionDenied: SCOPE_MISMATCH, as `require` does.
        """
        self.require(name)
        if name != f"tenants/{self.tenant}":
            raise PermissionDenied(
                "SCOPE_MISMATCH", f"{name} is not a tenant.", resource=name[:200]
            )


_scope: ContextVar[Scope] = ContextVar("souk_scope")
_method: ContextVar[str] = ContextVar("souk_method", default="")


def current_scope() -> Scope:
    """Returns the scope of the call being served."""
    try:
        return _scope.get()
    except LookupError:
        raise RuntimeError("no scope is bound: this code runs outside a call") from None


def current_method() -> str:
    """Returns the full gRPC method being served, without the leading slash; empty outside one."""
    return _method.get()


@contextmanager
def bound(scope: Scope, method: str = "") -> Iterator[Scope]:
    """Binds a scope, and the method served under it, for a block."""
    scope_token, method_token = _scope.set(scope), _method.set(method)
    try:
        yield scope
    finally:
        _scope.reset(scope_token)
        _method.reset(method_token)


def log_context(
    _logger: object, _name: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Adds the tenant, the actor, the request and the method to a log line."""
    try:
        scope = current_scope()
    except RuntimeError:
        return event
    event.setdefault("tenant", scope.tenant)
    event.setdefault("actor", scope.actor)
    event.setdefault("request_id", scope.request_id)
    if method := current_method():
        event.setdefault("method", method)
    return event
