"""Checks from lists that others keep: Prometheus' ``file_sd`` and ``http_sd`` documents.

groups       bytes → targets with labels (pure)
template     a check's keys with ``{target}`` and ``{label}`` → nodes of one check (pure)
expanding    the configuration's tree with the checks put in
documents    what was last found, and what was last good
fetching     asks for documents over HTTP, and tells of all that happens
"""
