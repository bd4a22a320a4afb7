"""Pure: renders for a terminal, with rich.

    style       colours, symbols, instants and lengths of time
    rows        a status, flattened, from a snapshot or from a status.json
    status      the table of statuses
    brief       a status in few lines
    frame       the lines around either
    history     incidents
    checks      what would run: intervals, phases and load per host
    probe       one probe: a waterfall of phases, the certificate chain, the grade
    chain       a certificate chain as a tree
    plans       notices and upgrades
    probe_json  one probe as JSON

Instants are arguments, and text from outside is never read as markup.
"""
