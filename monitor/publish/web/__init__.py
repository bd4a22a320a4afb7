"""The web server: routes, access, limits on clients."""
