"""Observations, transitions, evidence, the outbox and states."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "series",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("check_id", sa.Text, nullable=False, unique=True),
    )
    op.create_table(
        "observation",
        sa.Column("series", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.Double, primary_key=True),
        sa.Column("duration", sa.Double, nullable=False),
        sa.Column("grade", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("cause", sa.Text),
        sa.Column("resolve", sa.Double),
        sa.Column("connect", sa.Double),
        sa.Column("tls", sa.Double),
        sa.Column("processing", sa.Double),
        sa.Column("transfer", sa.Double),
        sa.Column("address", sa.Text),
        sa.Column("status", sa.Integer),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("parts", sa.LargeBinary),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "block",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("series", sa.Integer, nullable=False),
        sa.Column("hour", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("series", "hour", name="block_series_hour"),
    )
    op.create_table(
        "transition",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("service", sa.Text),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("began", sa.Double),
        sa.Column("planned", sa.Boolean, nullable=False),
        sa.Column("was_planned", sa.Boolean, nullable=False),
        sa.Column("check", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("cause", sa.Text),
        sa.Column("window", sa.Text),
        sa.Column("message_sv", sa.Text, nullable=False),
        sa.Column("message_en", sa.Text, nullable=False),
    )
    op.create_index("transition_at", "transition", ["at"])
    op.create_index("transition_subject", "transition", ["environment", "service", "at"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "outbox",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("transition", sa.Text),
        sa.Column("notification", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", sa.Double, nullable=False),
        sa.Column("settled_at", sa.Double),
        sa.Column("error", sa.Text),
    )
    op.create_index("outbox_told", "outbox", ["notification", "subject", "number"])
    op.create_index("outbox_settled", "outbox", ["settled_at", "number"])
    op.create_table(
        "state",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("saved_at", sa.Double, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
