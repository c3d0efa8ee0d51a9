"""Confine this process for good: no network, no other program, writing in one folder only.

Landlock, the kernel's own rules for files and ports (landlock(7)), and a seccomp filter of system
calls (seccomp(2)), both through ctypes. Linux only. Reading stays free. Neither can be taken back,
and both hold for every thread that starts later, none that runs already.

A process that fetches keeps one port of this machine, where a proxy of ours listens. An audit hook
(PEP 578) stops what Python itself would do beside that, on every system.
"""

import ctypes
import errno
import os
import platform
import socket
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
_CONNECT_TCP = 1 << 1
"""Access right of Landlock for the network; binding (1 << 0) is always refused."""
_TRUNCATES, _KNOWS_PORTS, _KNOWS_DEVICES = 3, 4, 5
"""The versions of Landlock that know these rights."""
LOCAL = "127.0.0.1"

_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""Names of machines in a filter (AUDIT_ARCH of the kernel)."""
_CLONE, _TGKILL, _SOCKET, _SENDTO = (56, 220), (234, 131), (41, 198), (44, 206)
_CLONE3, _NEWEST = 435, 462
_THREAD, _FASTOPEN, _ALL = 0x10000, 0x20000000, 0xFFFFFFFF
_REFUSED = {
    # The network, D-Bus, Docker, X; io_uring does anything that a filter sees no more.
    "socket": _SOCKET, "io_uring_setup": (425, 425), "shmat": (30, 196),
    "listen": (50, 201), "sendmsg": (46, 211), "sendmmsg": (307, 269),
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

_FORBIDDEN = {
    "subprocess.Popen", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system",
    "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo",
}  # fmt: skip
_LEADS_TO = {
    "socket.connect": slice(1, 2), "socket.sendto": slice(1, 2), "socket.sendmsg": slice(1, 2),
    "socket.getaddrinfo": slice(0, 2),
}  # fmt: skip
"""Names of audit events, and which of their arguments say where they lead."""

_enforced: list[str] = []
_missing: list[str] = []


def confine(folder: str | None, port: int | None = None) -> None:
    """Drop the rights that no decoder needs, as far as the kernel supports it.

    Writing is left in `folder`, and connecting to one port of this machine. OSError if the folder
    cannot be opened.
    """
    _enforced[:] = _missing[:] = ()
    if port is not None:
        _audit(port)
    if sys.platform != "linux":
        _missing.append("Landlock and seccomp, which only Linux has")
        return
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    _call(libc.prctl, _NO_NEW_PRIVS, 1, 0, 0, 0)
    _confine_calls(libc, port)
    _confine_files(libc, folder, port)


def state() -> Iterator[dict[str, list[str]]]:
    """Yield the rules that `confine` enforced, and the kernel features that others would need."""
    yield {"held": _enforced, "missing": _missing}


def _audit(port: int) -> None:
    """Refuse what Python would connect to or start, but for one port of this machine."""
    allowed = ((LOCAL, port), ((LOCAL, port),))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        leads = event in _LEADS_TO and arguments[_LEADS_TO[event]] not in allowed
        if leads or event in _FORBIDDEN:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    sys.addaudithook(hook)


def _confine_files(libc: Any, folder: str | None, port: int | None) -> None:
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
    ports = port is not None and version >= _KNOWS_PORTS
    attributes = struct.pack("=QQ", handled, 0b11) if ports else struct.pack("=Q", handled)
    rules = _call(libc.syscall, _CREATE_RULESET, attributes, len(attributes), 0)
    try:
        if ports:
            rule = struct.pack("=QQ", _CONNECT_TCP, port)
            _call(libc.syscall, _ADD_RULE, rules, 2, rule, 0)
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
    if ports:
        _enforced.append("connects to one port of this machine only")
    elif port is not None:
        _missing.append("a newer Landlock (Linux 6.7 or later): only Python holds it to one port")


def _confine_calls(libc: Any, port: int | None) -> None:
    machine = platform.machine()
    if machine not in _MACHINES or sys.maxsize < 1 << 32:
        _missing.append(f"a seccomp filter for {machine}")
        return

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_char_p))

    code = _filter(list(_MACHINES).index(machine), _MACHINES[machine], port is not None)
    program = Program(len(code) // 8, code)
    if libc.prctl(_SECCOMP, _word(_FILTER), ctypes.byref(program), _word(0), _word(0)):
        _missing.append("seccomp")
        return
    _enforced.append("no network" if port is None else "no network but TCP")


def _filter(column: int, machine: int, connects: bool) -> bytes:
    """Program of classic BPF: refused calls fail with EPERM, unknown ones with ENOSYS."""
    load, mask, equal, at_least, answer = 0x20, 0x54, 0x15, 0x35, 0x06
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
    if connects:
        # TCP, whose protocol is 0 or 6, over IPv4; Landlock does not see what opens by sending.
        stream = [(0, _ALL, socket.AF_INET), (1, 0xF, socket.SOCK_STREAM), (2, _ALL ^ 6, 0)]
        seen = {_SOCKET: stream, _SENDTO: [(3, _FASTOPEN, 0)]}
    else:
        seen = {}
    for numbers in _REFUSED.values():
        called = numbers[column]
        if called is not None and numbers not in seen:
            program += step(equal, called, 0, 1) + refuse
    seen[_CLONE] = [(0, _THREAD, _THREAD)]
    seen[_TGKILL] = [(0, _ALL, os.getpid())]  # so abort() ends it
    for numbers, tests in seen.items():
        program += step(equal, numbers[column], 0, 3 * len(tests) + 2)
        for after, (argument, bits, value) in zip(range(len(tests))[::-1], tests, strict=True):
            program += step(load, first + 8 * argument) + step(mask, bits)
            program += step(equal, value, 0, 3 * after + 1)
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
