"""Checks from lists that others keep: Prometheus' ``file_sd`` and ``http_sd`` documents.

targets       bytes → targets with labels (pure)
yaml_targets  the same of a YAML document (pure)
template      a check's keys with ``{target}`` and ``{label}`` → nodes of one check (pure)
expand        the configuration's tree with the checks put in
store         what was last found, and what was last good
poller        asks for documents over HTTP, and tells of all that happens
"""
