"""Events and the trees that prove them, whose rows PostgreSQL lets nobody change or remove.

Only two kinds of rows can be removed: payloads, which their envelopes commit to by a salted hash,
and the queue of events that are not in a tree yet.
"""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.kernel.data.tables import IS_SIGNED, NAMING, Key, TenantOwned, Time

PLATFORM_LOG = "-"
"""Takes the place of a tenant id in the platform's tree; it is not a valid tenant id."""


class Base(DeclarativeBase):
    """The tables of the audit service."""

    metadata = MetaData(naming_convention=NAMING)


def _newest_first(*columns: str) -> Index:
    """Makes an index in which a page of a tenant's newest events is one range, read backwards."""
    return Index(None, "tenant_id", *columns, "occur_time", "event_id")


def _of_an_event() -> ForeignKeyConstraint:
    columns = ["tenant_id", "event_id"]
    return ForeignKeyConstraint(columns, [f"event.{column}" for column in columns])


class Event(TenantOwned, Base):
    """An act. `envelope` is what is proven, kept unchanged; most other columns are for lookup.

    `signature` is the service's over the envelope; events from before services signed have none.
    """

    __tablename__ = "event"

    event_id: Mapped[str] = mapped_column(Key, primary_key=True)
    service: Mapped[str] = mapped_column(Key)
    method: Mapped[str] = mapped_column(Key)
    resource: Mapped[str] = mapped_column(Key)
    actor: Mapped[str] = mapped_column(Key)
    occur_time: Mapped[datetime] = mapped_column(Time)
    outcome: Mapped[str] = mapped_column(Text)
    record_time: Mapped[datetime] = mapped_column(Time)
    envelope: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        CheckConstraint(IS_SIGNED, name="is_signed"),
        CheckConstraint("outcome IN ('DONE', 'DENIED')", name="outcome"),
        _newest_first(),
        _newest_first("actor"),
        _newest_first("method"),
        _newest_first("resource"),
        _newest_first("outcome"),
        {"info": {"scope": "tenant", "append_only": True}},
    )


class EventPayload(TenantOwned, Base):
    """Changes and personal data of an event, kept in its own row so that it can be erased."""

    __tablename__ = "event_payload"

    event_id: Mapped[str] = mapped_column(Key, primary_key=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (_of_an_event(), {"info": {"scope": "tenant"}})


class Pending(TenantOwned, Base):
    """An event that is not in a tree yet; committed with the event, removed by the sequencer.

    An event that commits late waits like any other: nothing depends on the order of ids.
    """

    __tablename__ = "pending"

    event_id: Mapped[str] = mapped_column(Key, primary_key=True)

    __table_args__ = (_of_an_event(), {"info": {"scope": "tenant"}})


class Entry(TenantOwned, Base):
    """An event's place in its tenant's tree; places have no gaps."""

    __tablename__ = "entry"

    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_id: Mapped[str] = mapped_column(Key)

    __table_args__ = (
        UniqueConstraint("tenant_id", "event_id"),
        _of_an_event(),
        {"info": {"scope": "tenant", "append_only": True}},
    )


class Node(TenantOwned, Base):
    """The hash of a perfect subtree; at level 0, of a leaf."""

    __tablename__ = "node"

    level: Mapped[int] = mapped_column(Integer, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = ({"info": {"scope": "tenant", "append_only": True}},)


class Checkpoint(TenantOwned, Base):
    """A signed checkpoint of a tenant's tree, and its leaf in the platform's tree."""

    __tablename__ = "checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    note: Mapped[str] = mapped_column(Text)
    head: Mapped[bytes] = mapped_column(LargeBinary)
    head_idx: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = ({"info": {"scope": "tenant", "append_only": True}},)


class PlatformCheckpoint(Base):
    """A signed checkpoint of the platform's tree."""

    __tablename__ = "platform_checkpoint"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)

    __table_args__ = ({"info": {"scope": "platform"}},)


class Cosignature(Base):
    """A checkpoint of the platform's tree with the witness's cosignature."""

    __tablename__ = "cosignature"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)

    __table_args__ = ({"info": {"scope": "platform"}},)
