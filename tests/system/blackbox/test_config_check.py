"""Files that the exporter's own ``--config.check`` passes are read, or refused by name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from monitor.settings.blackbox.file import read_modules
from monitor.settings.errors import Report
from tests.support.servers.programs import require_program

pytestmark = pytest.mark.system
NAMED = ("not supported by driftvakt", "valid_http_versions names no version")
"""What a refusal says of something that the exporter does and we do not."""

BODIES = r"""
timeout: "0"
timeout: 1.5h
timeout:
http: {body_size_limit: 1024B}
http: {body_size_limit: 1.5MB}
http: {body_size_limit: 0}
http: {valid_status_codes: [200.0, 0o310, 0310, 2e2, 0xC8, 2_00]}
http: {valid_status_codes: }
http: {fail_if_ssl: True, fail_if_not_ssl: YES, no_follow_redirects: off}
http: {fail_if_ssl: Y}
http: {method: get}
http: {preferred_ip_protocol: ipv4, valid_http_versions: [HTTP/1.1, foo]}
http: {preferred_ip_protocol: 4}
http: {valid_http_versions: [HTTP/2.0]}
http: {headers: {a: , b: ~, c: 1.50, d: 0x10, e: 2020-01-01, f: .inf, g: !!str 5, 5: x}}
http: {headers: }
http: {body: !!binary aGVq, headers: {x: !foo bar}}
http: {basic_auth: }
http: {basic_auth: {username: 1, password: 2}}
http: {tls_config: {ca_file: "", min_version: }}
http: {tls_config: {min_version: TLS12}, oauth2: }
http: {fail_if_header_matches: [{header: a, regexp: 5}]}
http: {fail_if_body_matches_regexp: [5, ~, true]}
http: {authorization: {credentials: 5}}
http: {authorization: {type: Token, credentials: x}}
http: {authorization: }
http: {basic_auth: {username: a}, bearer_token: ""}
http: {proxy_url: ""}
http: {compression: gzip}
http: {compression: "", oauth2: {client_id: a, client_secret: b, token_url: "http://127.0.0.1/"}}
http: {method: POST}\n---\nfoo: [
http: {method:\tPOST}
http: {method: POST}\t
http:\n      method:\tPOST
http:\n      body: |\n          x\n           y:\tz\t\n      method: >-\n          POST
http: &x {method: POST}\n  b: {prober: http, http: *x}\n  c: {prober: http, http: {<<: *x, body: 5}}
icmp: {payload_size: 5}
grpc: {tls: true}
dns: {query_name: 5, query_type: A}
dns:
tcp: {query_response: [{send: 5, expect: }, ]}
tcp: {tls: on, source_ip_address: ""}
tcp: {source_ip_address: 127.0.0.1}
"""
OTHERS = r"""
{}
modules: {}
modules:
modules: {a: {prober: http}, b: {prober: icmp, icmp: {ttl: 5}}, c: {prober: grpc}}
modules: {a: {prober: dns, dns: {query_name: 5, query_type: NAPTR, query_class: CH, recursion_desired: n}}}
modules: {~: {prober: http}, 5: {prober: tcp}}
modules: {a: {prober: tcp, tcp: {query_response: [{expect: 220}, {send: !!binary AP8=, starttls: no}]}}}
modules: {<<: {c: {prober: tcp}}, b: {<<: [{prober: tcp}, {timeout: 5s}]}}
# only words\n--- # of ours\nmodules: {a: {prober: http}}\n...\n
%YAML 1.1\n---\nmodules: {a: {prober: http}}
"""


def _files() -> list[str]:
    bodies = [line for line in BODIES.split("\n") if line]
    whole = [line for line in OTHERS.split("\n") if line]
    return [
        *(
            f"modules:\n  a:\n    prober: http\n    {body}\n".replace("\\n", "\n").replace(
                "\\t", "\t"
            )
            for body in bodies
        ),
        *(f"{text}\n".replace("\\n", "\n").replace("\\t", "\t") for text in whole),
    ]


@pytest.mark.parametrize("text", [pytest.param(one, id=str(n)) for n, one in enumerate(_files())])
def test_what_the_exporter_takes(tmp_path: Path, text: str) -> None:
    """Every module is read; or each fault, with its place, names what we do not do."""
    file = tmp_path / "blackbox.yml"
    file.write_text(text)
    done = subprocess.run(
        [
            require_program("prometheus-blackbox-exporter"),
            f"--config.file={file}",
            "--config.check",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, f"{text}\n{done.stderr}"
    report = Report()
    read_modules(file, report)
    unnamed = [str(one) for one in report.faults if not any(word in one.message for word in NAMED)]
    assert not unnamed, text
