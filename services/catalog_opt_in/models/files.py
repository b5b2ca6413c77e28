"""What each tenant has uploaded: its own rows."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Integer
from sqlalchemy.orm import Mapped, mapped_column

from services.catalog_opt_in.models.scopes import Base, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class File(TenantOwned, Base):
    """A picture that a tenant uploaded; its bytes are in the gateway's store."""

    __tablename__ = "file"
    __table_args__ = tenant_rows(
        CheckConstraint("media_type IN ('JPEG', 'PNG', 'WEBP', 'GIF', 'AVIF')", name="media_type"),
        CheckConstraint("size_bytes > 0", name="size_bytes"),
    )

    file_id: Mapped[str] = mapped_column(Key, primary_key=True)
    media_type: Mapped[str] = mapped_column(Key)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int] = mapped_column(Integer)
    height: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(Key)
    created_at: Mapped[datetime] = mapped_column(Time)
    created_by: Mapped[str] = mapped_column(Key)
