"""Pure: from observations to statuses, snapshots and transitions."""
