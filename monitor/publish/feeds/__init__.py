"""What people and programs subscribe to: the Atom feed, the calendar, badges."""
