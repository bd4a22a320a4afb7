"""System programs that some tests run for real."""

from __future__ import annotations

import os
import shutil

import pytest

HOW_TO_INSTALL = "sh scripts/system-packages"
NO_SKIP_VARIABLES = ("CI", "DRIFTVAKT_NO_SKIP")


def require_program(name: str) -> str:
    """The program's path. Skips the test when it is not installed (a failure in CI)."""
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    found = shutil.which(name, path=places)
    if found is None:
        pytest.skip(f"the program {name} is missing; to install it: {HOW_TO_INSTALL}")
    return found


def skips_are_failures() -> bool:
    """Whether a skipped test fails the run: in CI, or when asked for."""
    return any(os.environ.get(name) for name in NO_SKIP_VARIABLES)
