"""Calendars and stated statuses, fetched over HTTP at intervals."""
