"""The processes of the platform: what each needs, whom it calls, and which secrets it sees.

Everything that sets them up reads this file: databases and roles (deploy/provision.py), secrets and
their hand-out (deploy/secrets), the local runner (deploy/local). A test compares docker-compose.yml
with it. A new service is one entry in SERVICES.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

INTERNAL_PORT = 9464
"""Where every process tells operators about itself, in a container of its own."""
ROLES = ("owner", "app", "platform")
"""The roles of every database: owner migrates, app serves one tenant, platform several."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """A process of ours.

    Whoever calls it is told its address by the setting SOUK_{NAME}.
    """

    name: str
    module: str
    """What `python -m` runs."""
    port: int
    """Where it serves, in a container of its own."""
    calls: tuple[str, ...] = ()
    """The processes that it calls."""
    vouches_for: frozenset[str] = frozenset()
    """The permissions that it may claim in the scopes that it signs; "*" is all of them."""
    secrets: tuple[str, ...] = ()
    """Secret files that it sees besides those that follow from the above."""
    optional_secrets: tuple[str, ...] = ()
    """Secret files that it sees if the operator has written them."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """Where it stores files: {volumes} is the folder of all volumes, {volumes_url} its URL."""

    @property
    def address_setting(self) -> str:
        return f"SOUK_{self.name.replace('-', '_').upper()}"

    @property
    def needed_secrets(self) -> tuple[str, ...]:
        """The secret files without which it cannot work."""
        key = (f"{self.name}.key",) if self.vouches_for else ()
        return (*key, *self.secrets)


@dataclass(frozen=True, kw_only=True)
class Service(Process):
    """A process that serves gRPC from a database of its own, and delivers its events to audit.

    Its module has the commands `serve` and `migrate`.
    """

    port: int = 50051
    calls: tuple[str, ...] = ("audit",)
    vouches_for: frozenset[str] = frozenset({"event:record"})
    commands_after_migrate: tuple[str, ...] = ()
    """Commands that run at every start, and change nothing the second time."""

    @property
    def database(self) -> str:
        return self.name.replace("-", "_")

    @property
    def needed_secrets(self) -> tuple[str, ...]:
        passwords = (f"{self.database}_{role}.password" for role in ROLES if role != "owner")
        return (*passwords, "callers.json", *super().needed_secrets)


SERVICES = (
    Service(
        name="tenant-registry",
        module="services.tenant_registry",
        secrets=("session.key", "totp.key"),
        optional_secrets=("smtp.password", "oidc.json"),
        settings={"SOUK_MAIL": "{volumes_url}/mail"},
        commands_after_migrate=("bootstrap",),
    ),
    Service(name="catalog-opt-in", module="services.catalog_opt_in"),
    Service(
        name="commerce",
        module="services.commerce",
        calls=("audit", "catalog-opt-in"),
        # It asks for a shopper what may be sold, and speaks for nobody.
        vouches_for=frozenset({"event:record", "storefront:read"}),
        secrets=("customer.key",),
        optional_secrets=("smtp.password", "stripe.json"),
        settings={"SOUK_MAIL": "{volumes_url}/mail"},
    ),
    Service(
        name="audit",
        module="services.audit",
        calls=("audit", "witness"),  # its own events are delivered to itself
        secrets=("checkpoint.key", "checkpoint.pub", "services.pub", "witness.pub"),
    ),
)

WITNESS = Process(
    name="witness",
    module="services.witness",
    port=8080,
    secrets=("witness.key", "checkpoint.pub"),
    settings={"SOUK_WITNESS_FILE": "{volumes}/witness/seen"},
)

GATEWAY = Process(
    name="gateway",
    module="gateway",
    port=8000,
    calls=tuple(service.name for service in SERVICES),
    # It speaks for the admins and shoppers whom it has recognised; a service, for itself alone.
    vouches_for=frozenset({"*"}),
    secrets=("redis.key", "session.jwks", "customer.jwks"),
    optional_secrets=("uploads.json", "redis.url"),
    settings={"SOUK_UPLOADS": "{volumes_url}/uploads"},
)

PROCESSES = (*SERVICES, WITNESS, GATEWAY)
BY_NAME: Mapping[str, Process] = {process.name: process for process in PROCESSES}
DATABASES = tuple(service.database for service in SERVICES)
