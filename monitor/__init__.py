"""Driftvakt, the monitor: schedules probes, judges what they saw and publishes it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    __version__: str
else:

    def __getattr__(name: str) -> str:
        """Tells the version to whoever asks: reading it takes longer than showing a status."""
        if name != "__version__":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("driftvakt")
        except PackageNotFoundError:  # run from a checkout that is not installed
            return "0+unknown"
