"""Tenants and their hosts; admins, roles and assignments."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.data.tables import Key, TenantOwned, Time
from services.tenant_registry.models.declare import Base


class Tenant(TenantOwned, Base):
    """A country, a franchise or a brand. A session bound to one sees only its own row.

    `version` backs the etag. `config_version` rises with every change of the tenant, its domains
    and its publishable keys, so that a cache can tell which of two answers is newer.
    """

    __tablename__ = "tenant"
    __table_args__ = (
        CheckConstraint(
            "state IN ('PROVISIONING', 'ACTIVE', 'SUSPENDED', 'ARCHIVED')", name="state"
        ),
        CheckConstraint("plan IN ('TRIAL', 'STANDARD', 'LARGE', 'UNLIMITED')", name="plan"),
        {"info": {"scope": "platform"}},
    )

    display_name: Mapped[str] = mapped_column(Text)
    country_code: Mapped[str] = mapped_column(Key)
    currency_code: Mapped[str] = mapped_column(Key)
    default_locale: Mapped[str] = mapped_column(Key)
    supported_locales: Mapped[list[str]] = mapped_column(ARRAY(Text))
    time_zone: Mapped[str] = mapped_column(Key)
    capabilities: Mapped[list[str]] = mapped_column(ARRAY(Text))
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[str] = mapped_column(Key)
    plan: Mapped[str] = mapped_column(Key)
    cors_origins: Mapped[list[str]] = mapped_column(ARRAY(Text))
    version: Mapped[int] = mapped_column(BigInteger)
    config_version: Mapped[int] = mapped_column(BigInteger)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)
    delete_time: Mapped[datetime | None] = mapped_column(Time)
    # Null is from before there were descriptions, or from an instance that knows none.
    description: Mapped[str | None] = mapped_column(Text)


class Domain(TenantOwned, Base):
    """A normalised host. It is the whole key: a host belongs to a single tenant platform-wide."""

    __tablename__ = "domain"
    __table_args__ = (
        Index("ix_domain_tenant_id", "tenant_id", "create_time", "host"),
        Index("uq_domain_primary", "tenant_id", unique=True, postgresql_where=text("is_primary")),
        {"info": {"scope": "platform"}},
    )

    tenant_id: Mapped[str] = mapped_column(Key, ForeignKey("tenant.tenant_id"))
    host: Mapped[str] = mapped_column(Key, primary_key=True)
    is_primary: Mapped[bool]
    create_time: Mapped[datetime] = mapped_column(Time)


class Admin(Base):
    """A person who runs one or more tenants, or the platform. `email` is in lower case.

    `access_version` rises with every change of what they may do; None until the first one.
    """

    __tablename__ = "admin"
    __table_args__ = ({"info": {"scope": "platform"}},)

    admin_id: Mapped[str] = mapped_column(Key, primary_key=True)
    email: Mapped[str] = mapped_column(Key, unique=True)
    first_name: Mapped[str] = mapped_column(Text)
    last_name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(Time)
    update_time: Mapped[datetime] = mapped_column(Time)
    last_login_time: Mapped[datetime | None] = mapped_column(Time)
    deactivate_time: Mapped[datetime | None] = mapped_column(Time)
    access_version: Mapped[int | None] = mapped_column(BigInteger)


class Role(Base):
    """A named set of policies that is given to admins.

    Built-in roles have no tenant, and none of the fields that only a tenant's own role has.
    """

    __tablename__ = "role"
    __table_args__ = ({"info": {"scope": "platform"}},)

    role_id: Mapped[str] = mapped_column(Key, primary_key=True)
    description: Mapped[str] = mapped_column(Text)
    tenant_id: Mapped[str | None] = mapped_column(Key, ForeignKey("tenant.tenant_id"), index=True)
    display_name: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int | None] = mapped_column(BigInteger)
    create_time: Mapped[datetime | None] = mapped_column(Time)
    update_time: Mapped[datetime | None] = mapped_column(Time)


class Policy(Base):
    """Permissions that a role gives at one reach: the platform itself, or a tenant.

    `permissions` are `noun:verb` patterns, where `*` matches every noun or verb.
    """

    __tablename__ = "policy"
    __table_args__ = (
        CheckConstraint("reach IN ('PLATFORM', 'TENANT')", name="reach"),
        {"info": {"scope": "platform"}},
    )

    policy_id: Mapped[str] = mapped_column(Key, primary_key=True)
    role_id: Mapped[str] = mapped_column(Key, ForeignKey("role.role_id"), index=True)
    reach: Mapped[str] = mapped_column(Key)
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    description: Mapped[str] = mapped_column(Text)


class Assignment(Base):
    """An admin's role at one tenant or, without a tenant, everywhere (GLOBAL), for some time.

    Never deleted: a revoked one stays, so that it can be explained.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        CheckConstraint("until_time > from_time", name="time"),
        # A decision reads what one admin holds at one place, not what they ever held anywhere.
        Index(
            "ix_assignment_live",
            "admin_id",
            "tenant_id",
            postgresql_where=text("revoke_time IS NULL"),
        ),
        {"info": {"scope": "platform"}},
    )

    assignment_id: Mapped[str] = mapped_column(Key, primary_key=True)
    admin_id: Mapped[str] = mapped_column(Key, ForeignKey("admin.admin_id"), index=True)
    role_id: Mapped[str] = mapped_column(Key, ForeignKey("role.role_id"), index=True)
    tenant_id: Mapped[str | None] = mapped_column(Key, ForeignKey("tenant.tenant_id"), index=True)
    from_time: Mapped[datetime] = mapped_column(Time)
    until_time: Mapped[datetime | None] = mapped_column(Time)
    granted_by: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    create_time: Mapped[datetime] = mapped_column(Time)
    revoke_time: Mapped[datetime | None] = mapped_column(Time)
    revoked_by: Mapped[str | None] = mapped_column(Text)
    revoke_reason: Mapped[str | None] = mapped_column(Text)
