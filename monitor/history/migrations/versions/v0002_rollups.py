"""Roll-ups by hour and by day."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Makes the tables."""
    for name, keys in (("rollup_hour", ("hour", "series")), ("rollup_day", ("series", "day"))):
        op.create_table(
            name,
            *(sa.Column(key, sa.Integer, primary_key=True, autoincrement=False) for key in keys),
            sa.Column("good", sa.Integer, nullable=False),
            sa.Column("degraded", sa.Integer, nullable=False),
            sa.Column("failed", sa.Integer, nullable=False),
            sa.Column("trouble", sa.Integer, nullable=False),
            sa.Column("latency", sa.LargeBinary, nullable=False),
            sqlite_with_rowid=False,
        )
