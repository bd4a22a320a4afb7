"""The record: observations, transitions, evidence and the outbox, in SQLite or PostgreSQL."""
