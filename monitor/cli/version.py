"""``driftvakt version``, and ``driftvakt --version``."""

from __future__ import annotations


def version() -> None:
    """Print the version."""
    from monitor import __version__

    print(f"driftvakt {__version__}")
