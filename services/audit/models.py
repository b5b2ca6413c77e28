"""The table of events. PostgreSQL itself lets nobody change or remove a row of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kernel.tables import NAMING, Key, TenantOwned, Time


class Base(DeclarativeBase):
    """The tables of the audit service."""

    metadata = MetaData(naming_convention=NAMING)


def _newest_first(*columns: str) -> Index:
    """An index in which a page of a tenant's newest events is one range, read backwards."""
    return Index(None, "tenant_id", *columns, "occur_time", "event_id")


class Event(TenantOwned, Base):
    """One act, as the service that did it told; `changes` is JSON text, kept as it came.

    A sequence number and the Merkle tree over it are tables of their own that point here by the
    primary key, so that a row stays as it was written.
    """

    __tablename__ = "event"

    event_id: Mapped[str] = mapped_column(Key, primary_key=True)
    service: Mapped[str] = mapped_column(Key)
    method: Mapped[str] = mapped_column(Key)
    resource: Mapped[str] = mapped_column(Key)
    actor: Mapped[str] = mapped_column(Key)
    request_id: Mapped[str] = mapped_column(Text)
    occur_time: Mapped[datetime] = mapped_column(Time)
    outcome: Mapped[str] = mapped_column(Text)
    changes: Mapped[str] = mapped_column(Text)
    record_time: Mapped[datetime] = mapped_column(Time)

    __table_args__ = (
        CheckConstraint("outcome IN ('DONE', 'DENIED')", name="outcome"),
        _newest_first(),
        _newest_first("actor"),
        _newest_first("method"),
        _newest_first("resource"),
        {"info": {"scope": "tenant", "append_only": True}},
    )
