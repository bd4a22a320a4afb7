"""What other programs load to know ours: makers of documents, without any I/O."""
