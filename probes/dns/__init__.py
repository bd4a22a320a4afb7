"""Kind ``dns``: one question to a name server."""
