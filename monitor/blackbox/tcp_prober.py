"""A tcp module and a target: a connection, TLS where it is asked for, and a dialogue."""

from __future__ import annotations

import socket

from monitor.blackbox.names import Preferred, split_target
from monitor.blackbox.sheet import ProbeResult
from monitor.blackbox.tcp_talk import Lines, Plain, Secure, filled
from monitor.publish.metrics import families as f
from monitor.settings.blackbox.modules import Preferring, TcpModule
from probes.expect.expected_failure import VERIFICATION
from probes.failure import ProbeFailure, from_connect
from probes.net.context import ProbeContext
from probes.net.hop import Hop
from probes.net.second_look import look
from probes.net.trace import ProbeTrace, deadline
from probes.net.transport import Route, connect, over_tls
from probes.observation import Phase, Reason
from probes.settings import TlsSettings, join_host_port


async def probe_tcp(
    module: TcpModule,
    target: str,
    hostname: str,
    timeout: float,
    context: ProbeContext,
    sheet: ProbeResult,
) -> None:
    """One probe. Whatever comes of it is on the sheet."""
    sheet.put(f.REGEX, 0)
    try:
        host, port = split_target(target)
    except ValueError as error:
        sheet.say(f"the target cannot be probed: {error}")
        return
    sheet.address(None, None)
    refused = _refused(module, host)
    if refused is not None:
        sheet.say(refused)
        return
    trace = ProbeTrace(context)
    talk = _Talk(module, Route(host, port), hostname, trace, sheet)
    try:
        async with deadline(trace, timeout):
            sheet.success = await talk.run()
    except ProbeFailure as failure:
        if trace.stage is Phase.TLS and failure.reason in VERIFICATION:
            await talk.second_look(timeout - trace.elapsed())
        sheet.say(f"failed: {failure.reason}: {failure.detail}")
    finally:
        talk.close()
    sheet.address(trace.address, trace.phases().resolve)
    sheet.tls(trace.tls)


def _refused(module: Preferring, host: str) -> str | None:
    return Preferred.of(module).refuses(host)


class _Talk:
    def __init__(
        self,
        module: TcpModule,
        route: Route,
        hostname: str,
        trace: ProbeTrace,
        sheet: ProbeResult,
    ) -> None:
        self._module = module
        self._route = route
        self._trace = trace
        self._sheet = sheet
        self._name = module.tls_config.server_name or hostname or route.host
        self._tls: TlsSettings = module.tls_config.settings(None)
        self._socket: socket.socket | None = None
        self._secure: Secure | None = None

    async def run(self) -> bool:
        """Raises :class:`ProbeFailure`."""
        trace, sheet = self._trace, self._sheet
        self._socket = await connect(trace.context, self._route, trace)
        sheet.say(f"connected to {join_host_port(trace.address or '', self._route.port)}")
        lines = Lines(await self._encrypted() if self._module.tls else Plain(self._socket))
        trace.begin(Phase.TRANSFER)
        match = None
        for number, step in enumerate(self._module.query_response):
            try:
                if step.expect:
                    match = await lines.expect(step.expect)
                    if match is None:
                        sheet.put(f.REGEX, 1)
                        sheet.say(f"failed: no line matches expect of query_response[{number}]")
                        return False
                    sheet.say(f"query_response[{number}]: a line matches")
                if step.send:
                    await lines.channel.send(filled(step.send, match) + b"\n")
                    sheet.say(f"query_response[{number}]: sent")
            except ValueError as error:
                raise ProbeFailure(Reason.PROTOCOL, str(error)) from None
            except OSError as error:
                raise from_connect(error, self._route.host) from None
            if step.starttls:
                if lines.pending or self._secure is not None:
                    said = "it is TLS already" if self._secure else "plain text after its consent"
                    raise ProbeFailure(Reason.PROTOCOL, f"no STARTTLS: {said}")
                lines = Lines(await self._encrypted())
                trace.begin(Phase.TRANSFER)
        return True

    async def _encrypted(self) -> Secure:
        assert self._socket is not None  # noqa: S101 - it is connected
        trace = self._trace
        tls_context = trace.context.tls.get(self._tls)
        connected, self._socket = self._socket, None  # over_tls closes it when it fails
        self._secure = await over_tls(connected, Secure, tls_context, self._name, trace)
        self._sheet.say("the TLS handshake is done")
        return self._secure

    async def second_look(self, left: float) -> None:
        """The certificates that did not verify."""
        trace = self._trace
        if trace.tls is not None or not self._module.tls or not trace.address:
            return
        shown = self._tls.model_copy(update={"server_name": self._name})
        again = Hop(ProbeTrace(trace.context), self._route.pinned(trace.address), shown)
        seen = await look(again, shown, (), left)
        if seen is not None:
            trace.tls = seen.facts

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._secure is not None and self._secure.transport is not None:
            self._secure.transport.abort()
