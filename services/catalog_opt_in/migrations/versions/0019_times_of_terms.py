"""Tags and product types have times of their own, by which they are sorted and found.

Reversible: `downgrade` drops the time of creation, which the ids say, too.
"""

import sqlalchemy as sa
from alembic import op

from services.kernel.call import names
from services.kernel.data.tables import Time

revision = "0019"
down_revision = "0018"

DATABASE = "catalog_opt_in"

_KEYS = {"tag": "tag_id", "product_type": "type_id"}


def upgrade() -> None:
    long_ago = "2000-01-01 00:00:00+00"
    for table, key in _KEYS.items():
        # An instance of the version before names neither.
        op.add_column(table, sa.Column("created_at", Time, nullable=False, server_default=long_ago))
        rows = sa.table(table, *map(sa.column, (key, "created_at", "updated_at")))
        ids = op.get_bind().scalars(sa.select(rows.c[key]))
        made = [{"of": id_, "at": at} for id_ in ids if (at := names.created_at(id_))]
        if made:
            row = rows.c[key] == sa.bindparam("of")
            op.get_bind().execute(
                sa.update(rows).where(row).values(created_at=sa.bindparam("at")), made
            )
        never = rows.c.updated_at.is_(None)
        op.execute(sa.update(rows).where(never).values(updated_at=rows.c.created_at))
        op.alter_column(table, "updated_at", nullable=False, server_default=long_ago)


def downgrade() -> None:
    for table in _KEYS:
        op.alter_column(table, "updated_at", nullable=True, server_default=None)
        op.drop_column(table, "created_at")
