"""Alerts on certificates: near their end, and changed without a plan."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.export.recordings import CERTIFICATE_EXPIRY
from monitor.export.rule import OF_SERVICE, SERVICE, SERVICE_PATH, Alert

_DAY = 86400
_NEAR = ((14, 30, "info"), (7, 14, "warning"), (None, 7, "warning"))
"""Days left, more than and at most. An expired certificate stays in the last of them."""
_WHOSE = (
    (
        "DriftvaktCertificateExpiring",
        "leaf",
        ("Certifikatet", "The certificate"),
        ("Be tjänstens ägare att byta det.", "Ask the service's owner to replace it."),
    ),
    (
        "DriftvaktChainCertificateExpiring",
        "intermediate",
        ("Ett utfärdarcertifikat i kedjan", "An issuer's certificate in the chain"),
        (
            "Be tjänstens ägare att skicka en nyare kedja.",
            "Ask the service's owner to send a newer chain.",
        ),
    ),
    (
        "DriftvaktClientCertificateExpiring",
        "client",
        ("Vårt eget klientcertifikat", "Our own client certificate"),
        (
            "Beställ ett nytt nu: utan det kan vi inte mäta.",
            "Order a new one now: without it we cannot measure.",
        ),
    ),
)


def _expiring() -> Iterator[Alert]:
    left = "{{ $value | humanizeDuration }}"
    for name, position, (sv, en), (do_sv, do_en) in _WHOSE:
        remaining = f'{CERTIFICATE_EXPIRY}{{position="{position}"}} - time()'
        for least, most, severity in _NEAR:
            expr = f"{remaining} <= {most * _DAY}"
            if least is not None:
                expr = f"{expr}\nand\n{remaining} > {least * _DAY}"
            yield Alert(
                name=name,
                expr=expr,
                lasts="10m",
                severity=severity,
                labels={"within": f"{most}d"},
                path=SERVICE_PATH,
                sv=f"{sv} för {SERVICE} går ut inom {most} dagar",
                en=f"{en} of {SERVICE} ends within {most} days",
                description_sv=f"{sv} för {SERVICE} gäller i {left} till (är talet negativt har det gått ut). {do_sv}",
                description_en=f"{en} of {SERVICE} is valid for another {left} (if negative, it has expired). {do_en}",
            )


CERTIFICATE_ALERTS = (
    *_expiring(),
    Alert(
        name="DriftvaktCertificateChanged",
        # for an hour, unless a window of the service is, or within that hour was, under way
        expr="time() - driftvakt_certificate_changed_timestamp_seconds < 3600\n"
        f"unless {OF_SERVICE} (\n"
        "  max without (impact) (max_over_time(driftvakt_service_window_active[1h])) == 1\n"
        ")",
        severity="warning",
        path=SERVICE_PATH,
        sv=f"{SERVICE} har bytt certifikat utanför servicefönster",
        en=f"{SERVICE} has changed its certificate outside a service window",
        description_sv="Kontrollen {{ $labels.check }} såg ett annat certifikat än förut för {{ $value | humanizeDuration }} sedan.",
        description_en="The check {{ $labels.check }} saw another certificate than before {{ $value | humanizeDuration }} ago.",
    ),
)
