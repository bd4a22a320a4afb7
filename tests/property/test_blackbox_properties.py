"""Whatever stands in somebody else's files: it is read, or refused with its place."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from monitor.blackbox.importing import import_blackbox
from monitor.settings.blackbox.file import read_modules
from monitor.settings.blackbox.modules import DnsModule, HttpModule, Module, TcpModule, TlsConfig
from monitor.settings.errors import ConfigurationError, Report

KEYS = sorted(
    {key for model in (Module, HttpModule, TcpModule, DnsModule, TlsConfig) for key in model.model_fields}
)  # fmt: skip
WORDS = ["http", "tcp", "dns", "ip4", "TLS12", "A", "5s", "yes", "(", "${1}", "a.test", "HTTP/1.1"]
LETTERS = st.characters(codec="utf-8", categories=["L", "N", "P", "S"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(WORDS)
    | st.text(LETTERS, max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)
modules = st.dictionaries(
    st.sampled_from(["m", "n"]),
    st.fixed_dictionaries(
        {"prober": st.sampled_from(["http", "tcp", "dns"])},
        optional={"http": values, "tcp": values, "dns": values, "timeout": values},
    ),
    min_size=1,
)
RULES = [{"source_labels": ["__address__"], "target_label": "__param_target"}]


@given(modules)
def test_modules_are_read_or_refused(written: dict[str, Any]) -> None:
    """Each with its own line and column; and what was read can be imported, or is refused again."""
    with tempfile.TemporaryDirectory() as folder:
        file, jobs = Path(folder) / "blackbox.yml", Path(folder) / "prometheus.yml"
        file.write_text(json.dumps({"modules": written}, indent=1, ensure_ascii=False))
        report = Report()
        found = read_modules(file, report)
        assert bool(report.faults) == (set(found) != set(written))
        assert all(fault.line > 1 and fault.path for fault in report.faults)
        job = {
            "job_name": "a", "metrics_path": "/probe", "params": {"module": ["m"]},
            "static_configs": [{"targets": ["a.test:80", "http://b.test/"]}],
            "relabel_configs": RULES,
        }  # fmt: skip
        jobs.write_text(json.dumps({"scrape_configs": [job]}))
        try:
            import_blackbox(file, jobs, skip=True)
        except ConfigurationError as refused:
            said = str(refused)
        else:
            said = "imported"
        assert said


@given(values, values, values)
def test_jobs_are_read_or_refused(params: Any, statics: Any, rules: Any) -> None:
    """Prometheus' file is not ours: nothing in it breaks the import."""
    with tempfile.TemporaryDirectory() as folder:
        file, jobs = Path(folder) / "blackbox.yml", Path(folder) / "prometheus.yml"
        file.write_text("modules: {http_2xx: {prober: http}}")
        job = {"job_name": "a", "metrics_path": "/probe", "params": params,
               "static_configs": statics, "relabel_configs": rules}  # fmt: skip
        jobs.write_text(json.dumps({"scrape_configs": [job, statics]}, ensure_ascii=False))
        try:
            import_blackbox(file, jobs)
        except ConfigurationError as refused:
            said = str(refused)
        else:
            said = "imported"
        assert said
