"""The text of a configuration, validated, as an estate; every fault with its place."""
