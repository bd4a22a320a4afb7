"""Where the shipped unit has its configuration and its data, for who gives no options on that machine."""

from __future__ import annotations

import os
from pathlib import Path

OWN_CONFIG = Path("config/driftvakt.yaml")
"""In the working directory."""
SYSTEM_FOLDER = Path("/etc/driftvakt")
SYSTEM_CONFIG = SYSTEM_FOLDER / "driftvakt.yaml"
SYSTEM_DATA = Path("/var/lib/driftvakt")
"""The unit's ``--data-dir``, which goes before its configuration's ``data_dir``."""


def default_config() -> Path:
    """The configuration when ``--config`` is not given: ``$DRIFTVAKT_CONFIG``, that of the working
    directory, that of the unit; the working directory's when there is none at all.
    """
    named = os.environ.get("DRIFTVAKT_CONFIG")
    if named:
        return Path(named)
    # lexists: what is there and may not be read is there, and the error says so
    found = (one for one in (OWN_CONFIG, SYSTEM_CONFIG, SYSTEM_FOLDER) if os.path.lexists(one))
    return next(found, OWN_CONFIG)


def is_installed(config: Path) -> bool:
    """Whether it is the unit's configuration: its file, or the whole folder."""
    return config in (SYSTEM_CONFIG, SYSTEM_FOLDER)


def history_folder(config: Path, configured: Path) -> Path:
    """The folder of the history of a daemon with that configuration."""
    installed = is_installed(config) and os.path.lexists(SYSTEM_DATA)
    return SYSTEM_DATA if installed else configured
