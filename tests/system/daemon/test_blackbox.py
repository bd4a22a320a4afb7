"""The daemon's own /probe: its modules, and how they are read anew."""

from __future__ import annotations

import urllib.parse
from pathlib import Path

import pytest

from tests.system.daemon.counting import CountingServer
from tests.system.daemon.running import (
    command,
    estate,
    http_check,
    running,
    service,
    until,
    write_config,
)

pytestmark = pytest.mark.system
