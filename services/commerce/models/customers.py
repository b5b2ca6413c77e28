"""Customers of a shop, and the identities that they log in with."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.commerce.models.declare import Base, tenant_rows
from services.kernel.data.tables import Key, TenantOwned, Time


class Customer(TenantOwned, Base):
    """Somebody who buys; without an account, a guest, who may have the address of an account."""

    __tablename__ = "customer"
    __table_args__ = tenant_rows(
        Index(
            "ix_customer_account_email",
            "tenant_id",
            "email",
            unique=True,
            postgresql_where=text("has_account"),
        ),
        Index(
            "ix_customer_guest_email",
            "tenant_id",
            "email",
            unique=True,
            postgresql_where=text("NOT has_account AND email <> ''"),
        ),
        Index("ix_customer_email", "tenant_id", "email", "customer_id"),
        Index("ix_customer_create_time", "tenant_id", "create_time", "customer_id"),
        Index("ix_customer_update_time", "tenant_id", "update_time", "customer_id"),
    )

    customer_id: Mapped[str] = mapped_column(Key, primary_key=True)
    email: Mapped[str] = mapped_column(Key)
    has_account: Mapped[bool] = mapped_column(Boolean)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    company_name: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)
    erase_time: Mapped[datetime | None] = mapped_column(Time)


class Identity(TenantOwned, Base):
    """An e-mail address with a password; it stands for a customer once there is one."""

    __tablename__ = "identity"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]
        ),
        Index("ix_identity_email", "tenant_id", "email", unique=True),
        Index("ix_identity_customer", "tenant_id", "customer_id"),
    )

    identity_id: Mapped[str] = mapped_column(Key, primary_key=True)
    email: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    customer_id: Mapped[str | None] = mapped_column(Key)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class CustomerAddress(TenantOwned, Base):
    """Where a customer has things sent; at most one is the default, for shipping and for bills."""

    __tablename__ = "customer_address"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]
        ),
        Index("ix_customer_address_customer", "tenant_id", "customer_id", "address_id"),
        Index(
            "ix_customer_address_default_shipping",
            "tenant_id",
            "customer_id",
            unique=True,
            postgresql_where=text("is_default_shipping"),
        ),
        Index(
            "ix_customer_address_default_billing",
            "tenant_id",
            "customer_id",
            unique=True,
            postgresql_where=text("is_default_billing"),
        ),
    )

    address_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key)
    label: Mapped[str] = mapped_column(Text)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    company: Mapped[str] = mapped_column(Text)
    address_1: Mapped[str] = mapped_column(Text)
    address_2: Mapped[str] = mapped_column(Text)
    city: Mapped[str] = mapped_column(Text)
    country_code: Mapped[str] = mapped_column(Key)
    province: Mapped[str] = mapped_column(Text)
    postal_code: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    is_default_shipping: Mapped[bool] = mapped_column(Boolean)
    is_default_billing: Mapped[bool] = mapped_column(Boolean)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class CustomerGroup(TenantOwned, Base):
    """Some of a tenant's customers, as staff have put them together."""

    __tablename__ = "customer_group"
    __table_args__ = tenant_rows(Index("ix_customer_group_name", "tenant_id", "name", unique=True))

    group_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    extra: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)


class GroupMember(TenantOwned, Base):
    """A customer in a group."""

    __tablename__ = "group_member"
    __table_args__ = tenant_rows(
        ForeignKeyConstraint(
            ["tenant_id", "group_id"],
            ["customer_group.tenant_id", "customer_group.group_id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "customer_id"], ["customer.tenant_id", "customer.customer_id"]
        ),
        Index("ix_group_member_customer", "tenant_id", "customer_id"),
    )

    group_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key, primary_key=True)
