"""Loses packets that a socket would have received, as a bad line does: TCP must send them again.

A classic BPF program of the kernel's own, on one socket: no rules of a firewall. Most kernels let
everybody attach one; some let only root.
"""

import ctypes
import socket
import struct

# <asm-generic/socket.h> and <linux/filter.h>; Python names none of them.
_ATTACH_FILTER, _DETACH_FILTER = 26, 27
_RANDOM = 0xFFFFF000 + 56
_LOAD, _JUMP_IF_LESS_IS_FALSE, _RETURN = 0x20, 0x35, 0x06
_INSTRUCTION = struct.Struct("HBBI")
_PROGRAM = struct.Struct("@HP")
_WHOLE = 0xFFFFFFFF


def is_allowed() -> bool:
    """Tells whether this kernel lets this user lose packets."""
    with socket.socket() as end:
        try:
            lose(end, 0.5)
        except PermissionError:
            return False
    return True


def lose(end: socket.socket, share: float) -> None:
    """Loses that share of the packets that come in at a socket; 0 loses none any more."""
    if not share:
        end.setsockopt(socket.SOL_SOCKET, _DETACH_FILTER, 0)
        return
    threshold = int((1 - share) * 2**32)
    code = ((_LOAD, 0, 0, _RANDOM), (_JUMP_IF_LESS_IS_FALSE, 0, 1, threshold), (_RETURN, 0, 0, 0),
            (_RETURN, 0, 0, _WHOLE))  # fmt: skip
    program = ctypes.create_string_buffer(b"".join(_INSTRUCTION.pack(*one) for one in code))
    at = ctypes.addressof(program)
    end.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, _PROGRAM.pack(len(code), at))
