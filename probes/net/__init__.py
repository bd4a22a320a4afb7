"""One probe's way over the network: names, connections, TLS, proxies, HTTP/1."""
