"""The body of ``status.json``, its file, its schema and the summary."""
