"""What a response must be."""
