"""Writes the ordinary configuration file with which the demo's environments are watched."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

CONFIG_FILE = "driftvakt.yaml"

_HEAD = """\
# The demo's configuration. It is an ordinary one: with your own hosts in it, and longer intervals,
# it watches your own environments.
language: {language}
timezone: Europe/Stockholm
location: loopback
listen: 127.0.0.1:0              # any free port
data_dir: {data_dir}

defaults:                        # a demo is in a hurry; ask a real target's owner first
  interval: 1s
  retry_interval: 500ms
  timeout: 2s
  latency: {{yellow: 500ms, red: 1900ms}}
  degraded_after: 2
  window: {{size: 10, yellow: 0.6, red: 0.9}}

environments:
"""

_ENVIRONMENT = """\
  - name: {name}
    title: {title}
    services:
      - name: expo
        title: {{sv: Receptexpedition (EXPO), en: Dispensing (EXPO)}}
        checks:
          - name: ping
            kind: http
            url: https://127.0.0.1:{expo}/expo
            method: POST
            tls: {{ca_file: ca.pem}}
            headers: {{Content-Type: text/xml; charset=utf-8, SOAPAction: '"PingForConfiguration"'}}
            body: >-
              <soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>
              <ping:PingForConfiguration xmlns:ping="urn:example:driftvakt:demo:1"/>
              </soap:Body></soap:Envelope>
            expect:
              status: [200]
              headers: {{Content-Type: ^text/xml}}
              body_matches: ["<soap:Envelope"]
              body_not_matches: ["<faultstring>"]
            critical: true
          - name: certificate
            kind: certificate
            host: 127.0.0.1
            port: {expo}
            tls: {{ca_file: ca.pem}}
            expires_within: {{yellow: 30d, red: 7d}}
            interval: 2s
          - {{name: port, kind: tcp, host: 127.0.0.1, port: {expo}}}
      - name: nll
        title: {{sv: Läkemedelslistan (NLL), en: Medication list (NLL)}}
        checks:
          - name: metadata
            kind: http
            url: https://127.0.0.1:{nll}/fhir/metadata
            tls: {{ca_file: ca.pem}}
            headers: {{Accept: application/fhir+json}}
            expect:
              headers: {{Content-Type: "fhir\\\\+json"}}
              jsonpath:
                - {{path: $.resourceType, equals: CapabilityStatement}}
                - {{path: $.fhirVersion, equals: "4.0.1"}}
            critical: true
          - name: certificate
            kind: certificate
            host: 127.0.0.1
            port: {nll}
            tls: {{ca_file: ca.pem}}
            expires_within: {{yellow: 30d, red: 7d}}
            interval: 2s
      - name: vara
        title: {{sv: Artikelregister (VARA), en: Article register (VARA)}}
        checks:
          - name: export
            kind: http
            url: https://127.0.0.1:{vara}/vara-export.zip
            tls: {{ca_file: ca.pem}}
            expect:
              headers: {{Content-Type: ^application/zip}}
              last_modified_within: 26h
              body_bytes: {{at_least: 200}}
            critical: true
          - name: certificate
            kind: certificate
            host: 127.0.0.1
            port: {vara}
            tls: {{ca_file: ca.pem}}
            expires_within: {{yellow: 30d, red: 7d}}
            interval: 2s
"""

_PLANNED = """\
service_windows:                 # what is planned is shown on the page, and explains what it causes
  - id: database
    title: {{sv: Databasbyte, en: New database}}
    message: {{sv: Testa gärna i en annan miljö., en: Please test in another environment.}}
    impact: outage
    start: {tomorrow}T18:00:00
    end: {tomorrow}T20:00:00
    environments: [{last}]
"""


def configuration(
    ports: Mapping[str, int], language: str, data_dir: Path, today: date | None = None
) -> str:
    """The file's text. ``ports`` are by ``ENV/SERVICE``; ca.pem is beside the file."""
    names = sorted({service.partition("/")[0] for service in ports})
    environments = (
        _ENVIRONMENT.format(
            name=name,
            title=name.upper(),
            **{service: ports[f"{name}/{service}"] for service in ("expo", "nll", "vara")},
        )
        for name in names
    )
    head = _HEAD.format(language=language, data_dir=json.dumps(str(data_dir)))
    tomorrow = (today or datetime.now(UTC).date()) + timedelta(days=1)
    return head + "".join(environments) + _PLANNED.format(tomorrow=tomorrow, last=names[-1])


def write_configuration(folder: Path, ports: Mapping[str, int], language: str) -> Path:
    """Write the configuration into ``folder``; give its path."""
    path = folder / CONFIG_FILE
    path.write_text(configuration(ports, language, folder / "data"), encoding="utf-8")
    return path
