"""Alembic's migrations of the history: run at start, from inside the package."""
