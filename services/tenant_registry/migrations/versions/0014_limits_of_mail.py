"""Counts that last for a day, and addresses in one spelling.

`end_time` is null in what older processes count, which lasts for 15 minutes. An address that was
stored decomposed could no longer log in, because addresses are composed when they are read.

Reversible; `downgrade` forgets the counts, and leaves the addresses composed.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.data.tables import Time

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("attempt", sa.Column("end_time", Time))
    op.create_index("ix_attempt_end_time", "attempt", ["end_time"])
    op.create_index("ix_invite_email", "invite", ["email"])
    op.execute(
        "UPDATE admin SET email = normalize(email, NFC) WHERE email IS NOT NFC NORMALIZED"
        " AND NOT EXISTS (SELECT FROM admin other WHERE other.email = normalize(admin.email, NFC))"
    )
    op.execute("UPDATE invite SET email = normalize(email, NFC) WHERE email IS NOT NFC NORMALIZED")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute("DELETE FROM attempt")
    op.drop_index("ix_invite_email", "invite")
    op.drop_index("ix_attempt_end_time", "attempt")
    op.drop_column("attempt", "end_time")
