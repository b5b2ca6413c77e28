"""Shipping: profiles, fulfillment sets with service zones, and options.

Reversible: `downgrade` drops them; carts and orders keep the methods that they have.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0011"
down_revision = "0010"


def _times() -> list[sa.Column[object]]:
    return [
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "shipping_profile",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("profile_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("metadata", JSONB(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "profile_id", name="pk_shipping_profile"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_shipping_profile_tenant_id_name"),
    )
    isolate(op, "commerce", "shipping_profile")
    op.create_table(
        "fulfillment_set",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("set_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "set_id", name="pk_fulfillment_set"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_fulfillment_set_tenant_id_name"),
    )
    isolate(op, "commerce", "fulfillment_set")
    op.create_table(
        "service_zone",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("zone_id", Key, nullable=False),
        sa.Column("set_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("areas", JSONB(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "zone_id", name="pk_service_zone"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "set_id"],
            ["fulfillment_set.tenant_id", "fulfillment_set.set_id"],
            name="fk_service_zone_tenant_id_set_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "tenant_id", "set_id", "name", name="uq_service_zone_tenant_id_set_id_name"
        ),
    )
    isolate(op, "commerce", "service_zone")
    op.create_table(
        "shipping_option",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("option_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone_id", Key, nullable=False),
        sa.Column("profile_id", Key, nullable=False),
        sa.Column("provider_id", Key, nullable=False),
        sa.Column("price_type", Key, nullable=False),
        sa.Column("type", JSONB(), nullable=True),
        sa.Column("prices", JSONB(), nullable=False),
        sa.Column("rules", JSONB(), nullable=False),
        sa.Column("data", JSONB(), nullable=True),
        sa.Column("metadata", JSONB(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        *_times(),
        sa.PrimaryKeyConstraint("tenant_id", "option_id", name="pk_shipping_option"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "zone_id"],
            ["service_zone.tenant_id", "service_zone.zone_id"],
            name="fk_shipping_option_tenant_id_zone_id",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "profile_id"],
            ["shipping_profile.tenant_id", "shipping_profile.profile_id"],
            name="fk_shipping_option_tenant_id_profile_id",
        ),
    )
    op.create_index("ix_shipping_option_zone", "shipping_option", ["tenant_id", "zone_id"])
    op.create_index("ix_shipping_option_profile", "shipping_option", ["tenant_id", "profile_id"])
    isolate(op, "commerce", "shipping_option")


def downgrade() -> None:
    for table in ("shipping_option", "service_zone", "fulfillment_set", "shipping_profile"):
        op.execute(f"DROP TABLE {table}")
