"""What any package may use: threads, atomic files, redaction, logging."""
