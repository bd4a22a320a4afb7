"""What the kernel knows of a TCP connection (Linux: ``TCP_INFO``, tcp(7)): its round trip, and how long its
peer has been silent.
"""

from __future__ import annotations

import socket
import struct

from probes.net.kernel_timestamps import STAMPED

_INFO_SIZE = 232
_LEAST = 104
_RTT = struct.Struct("=68xI28xI")
_LAST_ACK = struct.Struct("=56xI")
_SILENCE = struct.Struct("=24xI24xI72xQ88xI")
"""Packets of ours that are not acknowledged, milliseconds since the peer sent anything, bytes that came in
order, packets that came out of it."""
_QUIET = 1_000
"""Milliseconds after which a peer that has spoken counts as silent."""
LOST_ON_THE_WAY = "later packets came, but not the first: long ones are lost on the way (an MTU)"


def round_trip(connected: socket.socket) -> float | None:
    """Seconds from SYN to SYN-ACK of a new connection as the kernel measured them; ``None`` when it
    did not, or when one of them had to be sent again, which is a wait that counts.
    """
    info = _info(connected)
    if info is None:
        return None
    rtt, sent_again = _RTT.unpack_from(info)
    return rtt / 1e6 if rtt and not sent_again else None


def since_heard(connected: socket.socket) -> float:
    """Seconds since the peer of a connection was last heard of, to the kernel's few milliseconds; 0
    where it does not say.
    """
    info = _info(connected)
    return 0.0 if info is None else _LAST_ACK.unpack_from(info)[0] / 1e3


def silence(connected: socket.socket | None) -> str:
    """What the kernel knows of a peer that is waited for in vain; nothing where it knows nothing, or the
    peer has just spoken.
    """
    try:
        info = _info(connected) if connected is not None else None
    except OSError:  # it is closed
        return ""
    if info is None or len(info) < _SILENCE.size:
        return ""
    unacknowledged, quiet, in_order, out_of_order = _SILENCE.unpack_from(info)
    if out_of_order and not in_order:
        return LOST_ON_THE_WAY
    if unacknowledged:
        return "what we sent was not acknowledged"
    if not in_order:
        return "what we sent arrived, and nothing came"
    return "nothing more came for over a second" if quiet > _QUIET else ""


def _info(connected: socket.socket) -> bytes | None:
    if not STAMPED:
        return None
    info = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_SIZE)
    return info if len(info) >= _LEAST else None
