# Two stages: the first has pip and the build backend, the second has neither. For an image that can be
# built again bit by bit, name the base by its digest: --build-arg BASE=python@sha256:…
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE} AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/driftvakt \
 && /opt/driftvakt/bin/pip install --no-cache-dir --only-binary :all: --require-hashes \
    --requirement requirements.lock
COPY requirements-dev.lock pyproject.toml README.md LICENSE ./
COPY monitor monitor
COPY probes probes
COPY docs/runbooks docs/runbooks
COPY config/prometheus config/prometheus
COPY config/grafana config/grafana
# the backend comes from the lock as well; it stays in this stage
RUN python -m venv /opt/backend \
 && /opt/backend/bin/pip install --no-cache-dir --only-binary :all: --require-hashes \
    --requirement requirements-dev.lock \
 && /opt/backend/bin/python -m build --wheel --no-isolation --outdir /dist . \
 && /opt/driftvakt/bin/pip install --no-cache-dir --no-deps /dist/driftvakt-*.whl \
 && /opt/driftvakt/bin/pip uninstall --yes pip setuptools

FROM ${BASE}
LABEL org.opencontainers.image.title="driftvakt" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/driftvakt/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DRIFTVAKT_CONFIG=/etc/driftvakt
COPY --from=build /opt/driftvakt /opt/driftvakt
# all that is written is status.json and the history, in this volume: the root may be read-only. A new volume takes
# its owner from the folder that it covers, so the folder must be the daemon's first
RUN install -d -o 65532 -g 65532 /var/lib/driftvakt
VOLUME ["/var/lib/driftvakt"]
USER 65532:65532
EXPOSE 9815
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
    CMD ["python", "-m", "monitor.healthcheck"]
ENTRYPOINT ["driftvakt"]
CMD ["run", "--listen", "0.0.0.0:9815", "--data-dir", "/var/lib/driftvakt", "--log-format", "json"]
