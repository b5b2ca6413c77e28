"""How tables are declared, and the two that every service with acts has."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import DateTime, LargeBinary, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kernel.names import TENANT_ID
from services.kernel.scope import current_scope

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# Slugs, ids and codes compare byte by byte: cheaper, and the same on every server.
Key = Text(collation="C")
Time = DateTime(timezone=True)
_EVENT_ID = re.compile(r"evt_[0-9A-Z]{26}")


def _bound_tenant() -> str:
    tenant = current_scope().tenant
    if tenant is None:
        raise RuntimeError("a tenant's row cannot be written in a scope without a tenant")
    return tenant


class TenantOwned:
    """A row of one tenant: its id leads the primary key, and comes from the scope by itself."""

    tenant_id: Mapped[str] = mapped_column(
        Key, primary_key=True, sort_order=-1, default=_bound_tenant
    )


class KernelBase(DeclarativeBase):
    """The tables that the kernel brings into each service's database."""

    metadata = MetaData(naming_convention=NAMING)


class AuditLeaf(TenantOwned, KernelBase):
    """What was done, written in the transaction that did it, until the relay has delivered it.

    A service may insert leaves and nothing else with them. What is proven later are these bytes.
    """

    __tablename__ = "audit_leaf"
    __table_args__ = ({"info": {"scope": "tenant"}},)

    event_id: Mapped[str] = mapped_column(Key, primary_key=True)
    occur_time: Mapped[datetime] = mapped_column(Time)
    envelope: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    salt: Mapped[bytes] = mapped_column(LargeBinary)


def insertion(leaves: Sequence[AuditLeaf]) -> str:
    """Writes the statement that inserts leaves, for a round trip that takes no parameters.

    Nothing in it can be read as SQL: ids are matched, times are written by us, and bytes are hex.
    """
    rows = [
        f"('{_matched(TENANT_ID, leaf.tenant_id)}', '{_matched(_EVENT_ID, leaf.event_id)}',"
        f" '{leaf.occur_time.isoformat()}', {_hex(leaf.envelope)}, {_hex(leaf.payload)},"
        f" {_hex(leaf.salt)})"
        for leaf in leaves
    ]
    columns = "tenant_id, event_id, occur_time, envelope, payload, salt"
    return f"INSERT INTO audit_leaf ({columns}) VALUES {', '.join(rows)}"  # noqa: S608


def _hex(content: bytes) -> str:
    return f"decode('{content.hex()}', 'hex')"  # with whatever strings mean to the server


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if pattern.fullmatch(text) is None:
        raise ValueError(f"{text!r} must not be written into a statement")
    return text


class RequestRecord(TenantOwned, KernelBase):
    """The answer to a request that carried a request id, kept for a repeat of it."""

    __tablename__ = "request_record"
    __table_args__ = ({"info": {"scope": "tenant"}},)

    actor: Mapped[str] = mapped_column(Key, primary_key=True)
    request_id: Mapped[str] = mapped_column(Key, primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    response: Mapped[bytes] = mapped_column(LargeBinary)
    create_time: Mapped[datetime] = mapped_column(Time)
