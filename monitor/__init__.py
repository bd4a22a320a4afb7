"""Driftvakt, the monitor: schedules probes, judges what they saw and publishes it."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("driftvakt")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"
