"""Notices that wait to leave."""

from datetime import datetime

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, unaudited_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class Outbox(TenantOwned, Base):
    """A notice, written in the transaction of its act and kept until it has been delivered."""

    __tablename__ = "outbox"
    __table_args__ = unaudited_rows()

    notice_id: Mapped[str] = mapped_column(Key, primary_key=True)
    topic: Mapped[str] = mapped_column(Key)
    resource: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(BigInteger)
    due_time: Mapped[datetime] = mapped_column(Time)
    create_time: Mapped[datetime] = mapped_column(Time)
