"""Confine this process for good: no network, no other program, writing in one folder only.

Landlock, the kernel's own rules for files (landlock(7)), and a seccomp filter of system calls
(seccomp(2)), both through ctypes. Linux only. Reading stays free. Neither can be taken back, and
both hold for every thread that starts later, none that runs already.
"""

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterator
from typing import Any

_NO_NEW_PRIVS, _SECCOMP, _FILTER = 38, 22, 2
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_EXECUTE, _WRITE_FILE = 1 << 0, 1 << 1
_REMOVE, _MAKE = 0b11 << 4, 0b1111111 << 6
_MAKE_DIR, _MAKE_REG = 1 << 7, 1 << 8
_TRUNCATE, _IOCTL_DEVICE = 1 << 14, 1 << 15
"""Access rights of Landlock. Links to other folders (1 << 13) are always refused."""
_TRUNCATES, _KNOWS_DEVICES = 3, 5
"""The versions of Landlock that know these rights."""

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Names of machines in a filter (AUDIT_ARCH of the kernel)."""
_CLONE, _TGKILL = (56, 220), (234, 131)
_CLONE3, _NEWEST = 435, 462
_THREAD = 0x10000
_REFUSED = {
    # The network, D-Bus, Docker, X; io_uring does anything that a filter sees no more.
    "socket": (41, 198), "io_uring_setup": (425, 425), "shmat": (30, 196),
    # Other programs.
    "execve": (59, 221), "execveat": (322, 281), "fork": (57, None), "vfork": (58, None),
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kill": (62, 129), "tkill": (200, 130), "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240), "pidfd_send_signal": (424, 424), "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    # What Landlock lets through: owners, modes, times and attributes of any file.
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    # Parts of the kernel that decoders have no use for.
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "bpf": (321, 280),
    "perf_event_open": (298, 241), "userfaultfd": (323, 282), "add_key": (248, 217),
    "request_key": (249, 218), "keyctl": (250, 219), "init_module": (175, 105),
    "finit_module": (313, 273), "kexec_load": (246, 104),
}  # fmt: skip
"""Numbers of system calls on x86_64 and aarch64."""

_enforced: list[str] = []
_missing: list[str] = []


def confine(folder: str | None) -> None:
    """Drop the rights that no decoder needs, as far as the kernel supports it.

    Writing is left in `folder`. OSError if it cannot be opened.
    """
    _enforced[:] = _missing[:] = ()
    if sys.platform != "linux":
        _missing.append("Landlock and seccomp, which only Linux has")
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    _call(libc.prctl, _NO_NEW_PRIVS, 1, 0, 0, 0)
    _confine_calls(libc)
    _confine_files(libc, folder)


def state() -> Iterator[dict[str, list[str]]]:
    """Yield the rules that `confine` enforced, and the kernel features that others would need."""
    yield {"held": _enforced, "missing": _missing}


def _confine_files(libc: Any, folder: str | None) -> None:
    version = libc.syscall(_CREATE_RULESET, None, _word(0), _word(1))
    if version < 1:
        _missing.append("Landlock (Linux 6.2 or later)")
        return
    handled = _EXECUTE | _WRITE_FILE | _REMOVE | _MAKE
    allowed = _WRITE_FILE | _REMOVE | _MAKE_DIR | _MAKE_REG
    if version >= _TRUNCATES:
        handled, allowed = handled | _TRUNCATE, allowed | _TRUNCATE
    if version >= _KNOWS_DEVICES:
        handled |= _IOCTL_DEVICE
    rules = _call(libc.syscall, _CREATE_RULESET, struct.pack("=Q", handled), 8, 0)
    try:
        if folder is not None:
            beneath = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                rule = struct.pack("=Qi", allowed, beneath)
                _call(libc.syscall, _ADD_RULE, rules, 1, rule, 0)
            finally:
                os.close(beneath)
        _call(libc.syscall, _RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    if version >= _TRUNCATES:
        _enforced.append("writes only in its folder")
    else:
        _missing.append("a newer Landlock (Linux 6.2 or later): files elsewhere can be emptied")


def _confine_calls(libc: Any) -> None:
    machine = platform.machine()
    if machine not in _MACHINES or sys.maxsize < 1 << 32:
        _missing.append(f"a seccomp filter for {machine}")
        return

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    code = _filter(list(_MACHINES).index(machine), _MACHINES[machine])
    program = Program(len(code) // 8, code)
    if libc.prctl(_SECCOMP, _word(_FILTER), ctypes.byref(program), _word(0), _word(0)):
        _missing.append("seccomp")
        return
    _enforced.append("no network")


def _filter(column: int, machine: int) -> bytes:
    """Program of classic BPF: refused calls fail with EPERM, unknown ones with ENOSYS."""
    load, equal, at_least, has_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    number, architecture, first = 0, 4, 16  # offsets in the data of a call
    fail, allow = 0x50000, 0x7FFF0000

    def step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
        return struct.pack("=HBBI", code, then, otherwise, value)

    refuse = step(answer, fail | errno.EPERM)
    unknown = step(answer, fail | errno.ENOSYS)
    passed = step(answer, allow)
    program = step(load, architecture) + step(equal, machine, 1) + refuse
    program += step(load, number)
    program += step(at_least, _NEWEST + 1, 0, 1) + unknown  # with all of x32
    program += step(equal, _CLONE3, 0, 1) + unknown  # libraries take `clone` then, which is seen
    for numbers in _REFUSED.values():
        called = numbers[column]
        if called is not None:
            program += step(equal, called, 0, 1) + refuse
    for call, test, value in (
        (_CLONE[column], has_bit, _THREAD),
        (_TGKILL[column], equal, os.getpid()),  # so abort() ends it
    ):
        program += step(equal, call, 0, 4) + step(load, first) + step(test, value, 0, 1)
        program += passed + refuse
    return program + passed


def _call(function: Any, *arguments: Any) -> int:
    """Call the C library; OSError if it fails."""
    result = function(*(_word(one) if isinstance(one, int) else one for one in arguments))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _word(value: int) -> ctypes.c_ulong:
    return ctypes.c_ulong(value)
