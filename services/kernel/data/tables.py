"""Base classes for tables, and the two tables that every writing service has."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, DateTime, LargeBinary, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kernel.call.scope import current_scope
from services.kernel.process.tenant_ids import TENANT_ID

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Slugs, ids and codes compare bytewise: cheaper, and the same on every server.
Key = Text(collation="C")
Time = DateTime(timezone=True)
_EVENT_ID = re.compile(r"evt_[0-9A-Z]{26}")


def _bound_tenant() -> str:
    tenant = current_scope().tenant
    if tenant is None:
        raise RuntimeError("a tenant's row cannot be written in a scope without a tenant")
    return tenant


class TenantOwned:
    """A row of one tenant, whose id leads the primary key and defaults to the scope's."""

    tenant_id: Mapped[str] = mapped_column(
        Key, primary_key=True, sort_order=-1, default=_bound_tenant
    )


class KernelBase(DeclarativeBase):
    """The tables that the kernel adds to each service's database."""

    metadata = MetaData(naming_convention=NAMING)


IS_SIGNED = "signature IS NOT NULL AND length(signature) = 68"
"""What tables of events demand of new rows: a key's id and an Ed25519 signature."""


class AuditLeaf(TenantOwned, KernelBase):
    """An event, written in the transaction of its act and kept until the relay delivers it.

    A service may only insert leaves. These exact bytes are proven later. Leaves of before services
    signed have no signature; the relay adds it, and no such leaf can be inserted any more.
    """

    __tablename__ = "audit_leaf"
    __table_args__ = (
        CheckConstraint(IS_SIGNED, name="is_signed"),
        {"info": {"scope": "tenant"}},
    )

    event_id: Mapped[str] = mapped_column(Key, primary_key=True)
    occur_time: Mapped[datetime] = mapped_column(Time)
    envelope: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)

    @property
    def event_name(self) -> str:
        return f"tenants/{self.tenant_id}/events/{self.event_id}"


def insertion(leaves: Sequence[AuditLeaf]) -> str:
    """Returns the statement that inserts leaves, for a round trip without parameters.

    Nothing can be injected: ids are checked, times are our own, and bytes are hex.
    """
    rows = [
        f"('{_matched(TENANT_ID, leaf.tenant_id)}', '{_matched(_EVENT_ID, leaf.event_id)}',"
        f" '{leaf.occur_time.isoformat()}', {_hex(leaf.envelope)}, {_hex(leaf.payload)},"
        f" {_hex(leaf.salt)}, {_hex(leaf.signature or b'')})"
        for leaf in leaves
    ]
    columns = "tenant_id, event_id, occur_time, envelope, payload, salt, signature"
    return f"INSERT INTO audit_leaf ({columns}) VALUES {', '.join(rows)}"  # noqa: S608


def _hex(content: bytes) -> str:
    return f"decode('{content.hex()}', 'hex')"  # independent of string settings


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(f"{text!r} must not be written into a statement")
    return text


class RequestRecord(TenantOwned, KernelBase):
    """The answer to a request with a request id, kept for repeats."""

    __tablename__ = "request_record"
    __table_args__ = ({"info": {"scope": "tenant"}},)

    actor: Mapped[str] = mapped_column(Key, primary_key=True)
    request_id: Mapped[str] = mapped_column(Key, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    response: Mapped[bytes] = mapped_column(LargeBinary)
    events: Mapped[str | None] = mapped_column(Text)
    """The names of the events that the act left, as recorded_events writes them."""
    create_time: Mapped[datetime] = mapped_column(Time)
