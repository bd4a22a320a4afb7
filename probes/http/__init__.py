"""Kind ``http``: one request, and what its response must be."""
