"""Pure: the record judged again, by the same judge and the same board under another configuration.

recording   what is read: a check's observations by blocks, and the transitions that were
judging     one check: from blocks of observations to the changes of its standing
engine      all checks, merged in time and rolled up on a board: transitions
tally       what transitions come to: alarms, minutes, delays
comparison  two of those side by side, as values and as JSON
table       the same for a terminal
"""
