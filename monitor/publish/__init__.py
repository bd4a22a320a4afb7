"""Renderers of a snapshot: metrics, the status file, the web."""
