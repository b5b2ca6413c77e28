"""Promotions, campaigns, and what has been used of them.

Reversible: `downgrade` drops them; orders keep what they were given.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from services.kernel.data.tables import Key, Time
from services.kernel.serving.migrations import isolate

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "campaign",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("campaign_id", Key, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("identifier", Key, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("start_time", Time, nullable=True),
        sa.Column("end_time", Time, nullable=True),
        sa.Column("budget_type", Key, nullable=True),
        sa.Column("budget_limit", sa.BigInteger(), nullable=True),
        sa.Column("budget_currency_code", Key, nullable=True),
        sa.Column("budget_attribute", Key, nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "campaign_id", name="pk_campaign"),
        sa.CheckConstraint(
            "budget_type IN ('spend', 'usage', 'spend_by_attribute', 'use_by_attribute')",
            name="ck_campaign_budget_type",
        ),
        sa.UniqueConstraint("tenant_id", "identifier", name="uq_campaign_tenant_id_identifier"),
    )
    op.create_index(
        "ix_campaign_create_time", "campaign", ["tenant_id", "create_time", "campaign_id"]
    )
    isolate(op, "commerce", "campaign")
    op.create_table(
        "promotion",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("promotion_id", Key, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("code_key", Key, nullable=False),
        sa.Column("type", Key, nullable=False),
        sa.Column("status", Key, nullable=False),
        sa.Column("is_automatic", sa.Boolean(), nullable=False),
        sa.Column("is_tax_inclusive", sa.Boolean(), nullable=False),
        sa.Column("campaign_id", Key, nullable=True),
        sa.Column("most_uses", sa.BigInteger(), nullable=True),
        sa.Column("method_type", Key, nullable=False),
        sa.Column("target_type", Key, nullable=False),
        sa.Column("allocation", Key, nullable=False),
        sa.Column("value", sa.Numeric(24, 4), nullable=False),
        sa.Column("currency_code", Key, nullable=True),
        sa.Column("max_quantity", sa.BigInteger(), nullable=True),
        sa.Column("buy_rules_min_quantity", sa.BigInteger(), nullable=False),
        sa.Column("apply_to_quantity", sa.BigInteger(), nullable=False),
        sa.Column("rules", JSONB(), nullable=False),
        sa.Column("target_rules", JSONB(), nullable=False),
        sa.Column("buy_rules", JSONB(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("create_time", Time, nullable=False),
        sa.Column("update_time", Time, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "promotion_id", name="pk_promotion"),
        sa.CheckConstraint("type IN ('standard', 'buyget')", name="ck_promotion_type"),
        sa.CheckConstraint("status IN ('draft', 'active', 'inactive')", name="ck_promotion_status"),
        sa.CheckConstraint(
            "method_type IN ('percentage', 'fixed')", name="ck_promotion_method_type"
        ),
        sa.CheckConstraint(
            "target_type IN ('items', 'shipping_methods', 'order')",
            name="ck_promotion_target_type",
        ),
        sa.CheckConstraint(
            "allocation IN ('each', 'across', 'once')", name="ck_promotion_allocation"
        ),
        sa.UniqueConstraint("tenant_id", "code_key", name="uq_promotion_tenant_id_code_key"),
        sa.ForeignKeyConstraint(
            ["tenant_id", "campaign_id"],
            ["campaign.tenant_id", "campaign.campaign_id"],
            name="fk_promotion_tenant_id_campaign_id",
        ),
    )
    op.create_index("ix_promotion_campaign", "promotion", ["tenant_id", "campaign_id"])
    op.create_index(
        "ix_promotion_create_time", "promotion", ["tenant_id", "create_time", "promotion_id"]
    )
    op.create_index(
        "ix_promotion_automatic",
        "promotion",
        ["tenant_id", "promotion_id"],
        postgresql_where=sa.text("is_automatic"),
    )
    isolate(op, "commerce", "promotion")
    op.create_table(
        "promotion_use",
        sa.Column("tenant_id", Key, nullable=False),
        sa.Column("counted_id", Key, nullable=False),
        sa.Column("holder", Key, nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "counted_id", "holder", name="pk_promotion_use"),
    )
    isolate(op, "commerce", "promotion_use")


def downgrade() -> None:
    for table in ("promotion_use", "promotion", "campaign"):
        op.execute(f"DROP TABLE {table}")
