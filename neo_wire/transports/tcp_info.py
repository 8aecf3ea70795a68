"""What the system knows of a connection that its stream does not say."""

from __future__ import annotations

import socket
import sys
from typing import Final

_SIZE: Final = 216  # of struct tcp_info up to tcpi_bytes_retrans


def never_arrived(connected: socket.socket, length: int) -> bool:
    """Whether the server closed its side before its system had received anything of a request of so many bytes.

    To be asked at the end of the server's stream, which acknowledges all that had arrived by then. So if Linux says
    that nothing of the request was acknowledged, no program there has seen it. A reset would prove nothing: it may
    overtake an acknowledgement. On other systems, and when in doubt: False.

    Source: tcp(7), TCP_INFO.
    """
    if sys.platform != "linux":
        return False
    import struct  # here, as few connections break

    info = connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _SIZE)
    if len(info) < _SIZE:
        return False  # a kernel before 4.19
    (acknowledged,) = struct.unpack_from("Q", info, 120)  # tcpi_bytes_acked, which counts the SYN too
    sent, sent_again = struct.unpack_from("QQ", info, 200)  # tcpi_bytes_sent, tcpi_bytes_retrans
    return bool(acknowledged) and bool(sent - sent_again - (acknowledged - 1) >= length)
