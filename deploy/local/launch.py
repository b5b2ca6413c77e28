"""Replaces itself with another program under another account, which ends with its parent.

    python launch.py UID GID SIGNAL PARENT PROGRAM ARGUMENT…        ("-" leaves a value unchanged)

It is a separate program because Python would do this between fork and exec, and a fork runs
gRPC's handlers, which abort the child during a call. Without such steps, Python uses vfork.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(uid: str, gid: str, number: str, parent: str, *program: str) -> None:
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    if number != "-" and sys.platform == "linux":
        # After setuid, which would reset it.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != int(parent):  # the parent died before this took effect
            raise SystemExit(1)
    try:
        os.execvp(program[0], program)  # noqa: S606 - it is what this file is for
    except OSError as error:
        raise SystemExit(f"{program[0]}: {error.strerror}") from None


if __name__ == "__main__":
    main(*sys.argv[1:])
