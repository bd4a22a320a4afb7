"""Pure: columns, integers and blocks in which the history keeps observations."""
