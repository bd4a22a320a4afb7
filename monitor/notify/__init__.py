"""Notifies people and programs of transitions, at least once and in order."""
