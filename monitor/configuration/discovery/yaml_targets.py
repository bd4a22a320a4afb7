"""Pure: a YAML document of Prometheus' ``file_sd`` → the same as JSON."""

from __future__ import annotations

from typing import Any

import orjson

from monitor.configuration.discovery.targets import DiscoveryError
from monitor.settings.errors import ConfigurationError
from monitor.settings.go_yaml import compose_go
from monitor.settings.validate import plain_values
from monitor.settings.yaml_tree import Node
from probes.observation import clean


def as_json(data: bytes, file: str) -> bytes:
    """Numbers are text, as Go's reader takes them where it wants text, and nothing is empty text.

    Raises :class:`~monitor.configuration.discovery.targets.DiscoveryError`.
    """
    try:
        tree: Node | None = compose_go(data, file)
    except ConfigurationError as error:
        raise DiscoveryError(clean(str(error.faults[0]), 300)) from None
    groups: Any = [] if tree is None else plain_values(tree)
    for group in groups if isinstance(groups, list) else ():
        labels = group.get("labels") if isinstance(group, dict) else None
        if isinstance(labels, dict):
            group["labels"] = {key: "" if one is None else one for key, one in labels.items()}
    try:
        return orjson.dumps(groups)
    except TypeError:
        raise DiscoveryError(f"{clean(file)}: bytes that are not UTF-8 text") from None
