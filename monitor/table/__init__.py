"""Pure: what a terminal shows, as rich renderables.

    look      colours, symbols, instants and lengths of time
    rows      a status, flattened, from a snapshot or from a status.json
    status    the table of statuses
    checks    what would run: intervals, phases and load per host
    probe     one probe: a waterfall of phases, the certificate chain, the grade
    as_json   one probe as JSON

Instants are arguments, and text from outside is never read as markup.
"""

from monitor.rates import probes_per_minute
from monitor.table.as_json import probe_json
from monitor.table.checks import checks_table, hosts_table
from monitor.table.probe import probe_report
from monitor.table.rows import NotAStatusDocumentError, document_status
from monitor.table.status import status_table, status_table_from_json

__all__ = [
    "NotAStatusDocumentError",
    "checks_table",
    "document_status",
    "hosts_table",
    "probe_json",
    "probe_report",
    "probes_per_minute",
    "status_table",
    "status_table_from_json",
]
