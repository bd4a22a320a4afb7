"""Kind ``certificate``: what a server's certificate is, and whether it can be trusted."""
