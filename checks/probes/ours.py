"""Trouble of the machine that asks: it says nothing about whoever was asked, so nobody knows how they are."""

import errno
import socket

_FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
_NO_THREAD = "can't start new thread"
# So many causes are looked at: clients wrap what the system told them once or twice.
_DEEPEST = 5


def is_ours(problem: BaseException) -> bool:
    """No memory, no thread, no socket left here, or an error that was raised because of one of these.

    >>> is_ours(OSError(errno.EMFILE, "Too many open files")), is_ours(OSError(errno.ECONNREFUSED, "refused"))
    (True, False)
    """
    cause: BaseException | None = problem
    for _ in range(_DEEPEST):
        if cause is None:
            return False
        if _is_full(cause):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def require_room() -> None:
    """Opens a socket and closes it, for libraries that hide why theirs failed: what it raises `is_ours` knows."""
    socket.socket().close()


def _is_full(problem: BaseException) -> bool:
    if isinstance(problem, OSError):
        return problem.errno in _FULL
    return isinstance(problem, MemoryError) or (isinstance(problem, RuntimeError) and _NO_THREAD in str(problem))
