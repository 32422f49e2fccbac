"""The filter of system calls of a fenced program (seccomp). Standard library only."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterator

from .libc import checked, libc
from .syscalls import CLONE, CLONE3, DENIED, MACHINES, PRCTL

_PR_SET_SECCOMP, _MODE_FILTER, _PR_SET_PDEATHSIG = 22, 2, 1
_CLONE_THREAD = 0x00010000
#: Calls of the x32 form of x86_64, which has numbers of its own.
_X32 = 0x40000000

# linux/bpf_common.h and linux/seccomp.h
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
#: Offsets in struct seccomp_data; an argument's lower half, as both machines are little-endian.
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

_Instruction = tuple[int, int, int, int]


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install() -> None:
    """From here on this process may not make the denied calls, nor undo that. Raises OSError. Needs no_new_privs."""
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in _instructions())
    buffer = ctypes.create_string_buffer(code, len(code))
    program = _Program(len(code) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    checked(libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(program), 0, 0), "system call filter (seccomp)")


def _instructions() -> Iterator[_Instruction]:
    """(code, instructions to skip if true, if false, operand) each."""
    audit, column = MACHINES[os.uname().machine]
    yield _LOAD, 0, 0, _ARCHITECTURE
    yield _IF_EQUAL, 1, 0, audit
    yield _RETURN, 0, 0, _KILL
    yield _LOAD, 0, 0, _NUMBER
    if os.uname().machine == "x86_64":
        yield _IF_AT_LEAST, 0, 1, _X32
        yield _RETURN, 0, 0, _ERRNO | errno.EPERM
    for numbers in DENIED.values():
        number = numbers[column]
        if number is not None:
            yield _IF_EQUAL, 0, 1, number
            yield _RETURN, 0, 0, _ERRNO | errno.EPERM
    # The C library asks for clone3 first and takes clone where there is none; its flags can be seen here.
    yield _IF_EQUAL, 0, 1, CLONE3[column]
    yield _RETURN, 0, 0, _ERRNO | errno.ENOSYS
    # Threads yes, processes no.
    yield _IF_EQUAL, 0, 4, CLONE[column]
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _IF_ANY_BIT, 0, 1, _CLONE_THREAD
    yield _RETURN, 0, 0, _ALLOW
    yield _RETURN, 0, 0, _ERRNO | errno.EPERM
    # The signal that comes when the launcher dies must stay.
    yield _IF_EQUAL, 0, 4, PRCTL[column]
    yield _LOAD, 0, 0, _FIRST_ARGUMENT
    yield _IF_EQUAL, 0, 1, _PR_SET_PDEATHSIG
    yield _RETURN, 0, 0, _ERRNO | errno.EPERM
    yield _RETURN, 0, 0, _ALLOW
    yield _RETURN, 0, 0, _ALLOW
