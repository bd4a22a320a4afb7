"""The running daemon: how its parts are put together, started and ended."""
