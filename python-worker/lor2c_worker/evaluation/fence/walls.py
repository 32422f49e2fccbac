"""What a fenced program can't see or use: namespaces, its own root folder, limits, no privileges.

Standard library only. A user namespace gives the right to make the others, so neither root nor any set-up of the
machine is needed, and root has no more power inside of it than another user.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
from pathlib import Path

from .libc import checked, libc

#: Bytes of address space, of a file, and of all its files together.
MEMORY, FILE, FILES = 2**30, 2**24, 2**24
#: Files open at once.
OPEN = 64

# linux/sched.h
_NEW_MOUNTS, _NEW_HOST, _NEW_IPC, _NEW_USER, _NEW_PROCESSES, _NEW_NETWORK = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
# linux/mount.h
_NO_SUID, _NO_DEVICES, _BIND, _RECURSIVE, _PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000
_ATTRIBUTES_READ_ONLY = 0x1 | 0x2 | 0x4  # and no set-user-id, no devices
_DETACH = 2
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
#: (on x86_64, on aarch64)
_PIVOT_ROOT, _CAPSET, _MOUNT_SETATTR = (155, 41), (126, 91), (442, 442)
# linux/prctl.h
_PR_SET_PDEATHSIG, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 1, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522
_SIGKILL = 9

#: Who a program is inside: nobody in particular.
_INSIDE = 1000


def enter_namespaces() -> None:
    """Leave the machine's users, processes, network, mounts and shared memory. The next child is process 1 of the new
    ones. Raises OSError with what is not allowed."""
    user, group = os.getuid(), os.getgid()
    flags = _NEW_USER | _NEW_MOUNTS | _NEW_PROCESSES | _NEW_NETWORK | _NEW_IPC | _NEW_HOST
    checked(libc.unshare(flags), "namespaces (unshare)")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_INSIDE} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{_INSIDE} {group} 1")


def build_root(folder: str) -> None:
    """Make `folder` the root: the standard library and the libraries it needs, read-only, and an empty /tmp, the
    working folder. No other file of the machine is left. Raises OSError."""
    _mount("none", "/", None, _RECURSIVE | _PRIVATE)
    _mount("tmpfs", folder, "tmpfs", _NO_SUID | _NO_DEVICES, "size=1m,mode=755")
    for path in _readable():
        target = Path(f"{folder}{path}")
        if Path(path).is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        _mount(path, str(target), None, _BIND | _RECURSIVE)
        _read_only(str(target), _AT_RECURSIVE)
    own = Path(f"{folder}/tmp")
    own.mkdir(exist_ok=True)
    _mount("tmpfs", str(own), "tmpfs", _NO_SUID | _NO_DEVICES, f"size={FILES},nr_inodes=1000,mode=700")
    _read_only(folder, 0)
    os.chdir(folder)
    checked(libc.syscall(_number(_PIVOT_ROOT), b".", b"."), "own root (pivot_root)")
    checked(libc.umount2(b".", _DETACH), "own root (umount)")
    os.chdir("/tmp")


def _readable() -> list[str]:
    """What Python needs, each path once: the standard library and shared libraries."""
    base = f"{sys.base_prefix}/lib"
    wanted = [
        "/lib",
        "/lib64",
        "/usr/lib",
        "/usr/lib64",
        "/etc/ld.so.cache",
        base,
        f"{base}64",
        str(Path(os.__file__).parent),
    ]
    found: list[str] = []
    for path in wanted:
        if Path(path).exists() and not any(path == other or path.startswith(f"{other}/") for other in found):
            found.append(path)
    return found


def limit(seconds: float) -> None:
    """Limits that the process can't raise again. `seconds`: of wall time, for which processor time is a backstop."""
    processor = int(seconds) + 2
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_FSIZE, FILE),
        (resource.RLIMIT_NOFILE, OPEN),
        (resource.RLIMIT_CPU, processor),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def drop_privileges() -> None:
    """No capability, none to be had, and death when the launcher dies. Raises OSError."""
    capability = 0
    while libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    checked(libc.syscall(_number(_CAPSET), header, (ctypes.c_uint32 * 6)()), "dropping capabilities")
    checked(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    checked(libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0), "parent's death signal")


def _mount(source: str, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    arguments = (os.fsencode(source), os.fsencode(target), kind and kind.encode(), flags, options and options.encode())
    checked(libc.mount(*arguments), f"mount of {source}")


def _read_only(target: str, flags: int) -> None:
    attributes = (ctypes.c_uint64 * 4)(_ATTRIBUTES_READ_ONLY, 0, 0, 0)
    path = ctypes.c_char_p(os.fsencode(target))
    result = libc.syscall(_number(_MOUNT_SETATTR), _AT_FDCWD, path, flags, attributes, ctypes.sizeof(attributes))
    checked(result, "read-only mounts (mount_setattr, Linux 5.12)")


def _number(numbers: tuple[int, int]) -> int:
    return numbers[0] if os.uname().machine == "x86_64" else numbers[1]
