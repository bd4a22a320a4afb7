"""Every metric family that is made of a snapshot: contract, section 6.

Measured values have the names and meanings of the Prometheus blackbox exporter 0.27, derived ones
are the project's own.
"""

from __future__ import annotations

from monitor.publish.metrics.exposition import Family


def _gauge(name: str, text: str) -> Family:
    return Family(name, "gauge", text)


SUCCESS = _gauge("probe_success", "Whether the newest probe succeeded (slow but answered is 1).")
DURATION = _gauge("probe_duration_seconds", "How long the newest probe took in seconds.")
HTTP_DURATION = _gauge(
    "probe_http_duration_seconds", "Duration of the HTTP request by phase, over all redirects."
)
DNS_LOOKUP = _gauge("probe_dns_lookup_time_seconds", "Time taken by name resolution in seconds.")
HTTP_STATUS = _gauge("probe_http_status_code", "Status code of the HTTP response.")
HTTP_VERSION = _gauge("probe_http_version", "Version of HTTP of the response.")
HTTP_REDIRECTS = _gauge("probe_http_redirects", "The number of redirects followed.")
HTTP_SSL = _gauge("probe_http_ssl", "Whether TLS was used for the last request.")
HTTP_CONTENT_LENGTH = _gauge("probe_http_content_length", "The Content-Length that was sent.")
HTTP_BODY_LENGTH = _gauge(
    "probe_http_uncompressed_body_length", "Bytes of the body after decompression, as far as read."
)
HTTP_LAST_MODIFIED = _gauge(
    "probe_http_last_modified_timestamp_seconds", "The Last-Modified header in Unix time."
)
IP_PROTOCOL = _gauge("probe_ip_protocol", "Version of IP that was connected with, 4 or 6.")
REGEX = _gauge(
    "probe_failed_due_to_regex", "Whether a header or body regular expression failed the probe."
)
EARLIEST_EXPIRY = _gauge(
    "probe_ssl_earliest_cert_expiry",
    "Earliest end of validity among the certificates sent, in Unix time, verified or not.",
)
CHAIN_EXPIRY = _gauge(
    "probe_ssl_last_chain_expiry_timestamp_seconds",
    "Earliest end of validity in the chain that verified, in Unix time.",
)
CHAIN_INFO = _gauge("probe_ssl_last_chain_info", "The server's own certificate, verified or not.")
TLS_VERSION = _gauge("probe_tls_version_info", "The TLS version used.")
TLS_CIPHER = _gauge("probe_tls_cipher_info", "The TLS cipher suite used.")

CHECK_STATUS = _gauge("driftvakt_check_status", "Status of a check: 1 for the one that holds.")
CHECK_REASON = _gauge(
    "driftvakt_check_reason", "1 while a reason holds why a check is not green, and whose it is."
)
LAST_OBSERVATION = _gauge(
    "driftvakt_last_observation_timestamp_seconds", "When the newest probe began, in Unix time."
)
CERTIFICATE_EXPIRY = _gauge(
    "driftvakt_certificate_expiry_timestamp_seconds",
    "End of validity by position (of several intermediates the earliest), in Unix time.",
)
CERTIFICATE_CHANGED = _gauge(
    "driftvakt_certificate_changed_timestamp_seconds",
    "When another certificate than before was first seen, by position, in Unix time.",
)
LATENCY = Family(
    "driftvakt_probe_latency_seconds",
    "histogram",
    "How long answers took; a probe that timed out counts with the time it waited.",
)
FAILURES = Family(
    "driftvakt_probe_failures_total",
    "counter",
    "Probes that failed, by reason; the monitor's own trouble is not among them.",
)

SERVICE_STATUS = _gauge(
    "driftvakt_service_status", "Published status of a service: 1 for the one that holds."
)
SERVICE_SEVERITY = _gauge(
    "driftvakt_service_severity", "Published status: 0 green, 1 unknown, 2 yellow, 3 red."
)
SERVICE_PLANNED = _gauge(
    "driftvakt_service_planned", "Whether an active service window explains the status."
)
TRANSITIONS = Family(
    "driftvakt_transitions_total", "counter", "Changes of a service's published status."
)
LAST_TRANSITION = _gauge(
    "driftvakt_last_transition_timestamp_seconds",
    "When a service's published status last changed, in Unix time; before that, since when it is.",
)
AVAILABILITY = _gauge(
    "driftvakt_availability_ratio",
    "Green and yellow of the time known within the window; planned red counted or left out.",
)
AVAILABILITY_UNKNOWN = _gauge(
    "driftvakt_availability_unknown_ratio", "How much of the window nothing is known of."
)

ENVIRONMENT_STATUS = _gauge(
    "driftvakt_environment_status", "Published status of an environment: 1 for the one that holds."
)

WINDOW_ACTIVE = _gauge(
    "driftvakt_service_window_active",
    "Whether a service window of this impact is under way for the service.",
)
WINDOW_START = _gauge(
    "driftvakt_service_window_start_timestamp_seconds",
    "When a service window begins (under way, else the next, else the last), in Unix time.",
)
WINDOW_END = _gauge(
    "driftvakt_service_window_end_timestamp_seconds",
    "When that service window ends, in Unix time.",
)

ACKNOWLEDGED = _gauge(
    "driftvakt_acknowledged", "Whether a person has said that somebody is at a disturbance."
)
SILENCED = _gauge("driftvakt_silenced", "Whether a person has said that nobody is to be told.")

PACKAGE_RETIREMENT = _gauge(
    "driftvakt_version_package_retirement_timestamp_seconds",
    "The first moment of the date on which a version package is retired, in Unix time.",
)
PACKAGE_ANSWERS = _gauge(
    "driftvakt_version_package_still_answers",
    "Whether a check of a version package that is retired still answers: a finding.",
)
CALENDAR_SUCCESSFUL = _gauge(
    "driftvakt_calendar_successful",
    "Whether a calendar could be read the last time; absent before it was tried.",
)
CALENDAR_UNKNOWN_ZONES = _gauge(
    "driftvakt_calendar_unknown_zones",
    "Time zones in a calendar that nobody knows: their times are read as local.",
)
CALENDAR_READ = _gauge(
    "driftvakt_calendar_last_success_timestamp_seconds",
    "When a calendar was last read without a fault, in Unix time.",
)
LOCATION_MEASURED = _gauge(
    "driftvakt_location_measured", "Whether anything is known from a location that is declared."
)
STATED_STATUS = _gauge(
    "driftvakt_stated_status", "What an agency states itself: 1 for the one that holds."
)
STATED_DIFFERS = _gauge(
    "driftvakt_stated_differs_seconds",
    "How long that has been another than what is measured; 0 while it is not.",
)
