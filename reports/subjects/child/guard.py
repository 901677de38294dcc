"""Limits that a process puts on itself before it meets a stranger's code; none can be taken back.

Resource limits; an audit hook that refuses to write outside the working folder, to read what is neither Python's nor
beside the subject (a diagnosis could carry it away), to start processes and to open sockets; and where the kernel has
Landlock the same refusal of writes and of TCP by the kernel itself.
"""

import contextlib
import ctypes
import math
import os
import resource
import sys
from pathlib import Path
from typing import Any

REFUSED = (
    "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "subprocess.Popen", "pty.spawn",
    "socket.__new__", "socket.connect", "socket.bind", "socket.getaddrinfo", "os.kill", "os.killpg", "signal.pthread",
    "ctypes.dlopen", "ctypes.dlsym", "ctypes.call_function", "os.chmod", "os.chown", "os.link", "os.symlink",
    "os.truncate", "os.utime", "os.putenv", "shutil.rmtree", "shutil.move", "webbrowser.open", "urllib.Request",
    "os.setxattr", "os.removexattr", "winreg.",
)  # fmt: skip
MOVES = ("os.remove", "os.rename", "os.rmdir", "os.mkdir")
SOURCES = (".py", ".pyc", ".ipynb")  # may be read anywhere: files import each other
WRITES = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC


def limit(seconds: float, megabytes: int) -> None:
    """Limits processor time, address space, file sizes, open files and core dumps of this process."""
    pairs = {
        "RLIMIT_CPU": math.ceil(seconds),
        "RLIMIT_AS": megabytes * 2**20,
        "RLIMIT_FSIZE": 64 * 2**20,
        "RLIMIT_NOFILE": 64,
        "RLIMIT_CORE": 0,
    }
    for name, value in pairs.items():
        with contextlib.suppress(AttributeError, ValueError, OSError):  # not every system has every limit
            resource.setrlimit(getattr(resource, name), (value, value))


def watch(folder: Path, subject: Path) -> None:
    """Refuses from now on what a network has no need of; an audit hook cannot be removed."""
    inside = os.path.realpath(folder)
    beside = os.path.realpath(subject if subject.is_dir() else subject.parent)
    own = {os.path.realpath(place) for place in (inside, beside, sys.prefix, sys.base_prefix, *sys.path) if place}
    readable = (*(place.rstrip(os.sep) + os.sep for place in own), "/usr/", "/lib", "/dev/null", "/dev/urandom")

    def allowed(
        path: Any, places: tuple[str, ...] = (inside + os.sep, "/dev/null"), ends: tuple[str, ...] = ()
    ) -> bool:
        try:
            real = os.path.realpath(os.fsdecode(path))
        except (TypeError, ValueError):
            return isinstance(path, int)
        return real.startswith(places) or real == inside or real.endswith(ends)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            path, mode, flags = args
            writes = bool(flags & WRITES) if isinstance(flags, int) else any(c in str(mode) for c in "wax+")
            if writes and not allowed(path):
                raise PermissionError(f"writing {path!r} is refused")
            if not writes and not allowed(path, readable, SOURCES):
                raise PermissionError(f"reading {path!r} is refused")
        elif event.startswith(REFUSED) or (event.startswith(MOVES) and not all(map(allowed, args[:1]))):
            raise PermissionError(f"{event} is refused")

    sys.addaudithook(hook)


class _Ruleset(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scopes", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("access", ctypes.c_uint64), ("parent", ctypes.c_int32)]


CREATE, ADD, RESTRICT = 444, 445, 446  # system calls, the same numbers on all architectures
WRITE_RIGHTS = (1 << 1) | sum(1 << bit for bit in range(4, 13))  # write a file, remove and make anything


ENOUGH = 4  # the version from which Landlock refuses both writes and TCP


def landlock_version() -> int:
    """The version of Landlock that this kernel has; 0 for none."""
    try:
        return max(0, ctypes.CDLL(None, use_errno=True).syscall(CREATE, None, 0, 1))
    except (OSError, AttributeError, TypeError):
        return 0


def landlock(folder: Path) -> str:
    """Asks the kernel to refuse writes outside `folder`, TCP and signals; returns what holds, in words."""
    version = landlock_version()
    if not version:
        return ""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        net, scopes = (3 if version >= ENOUGH else 0), (3 if version >= 6 else 0)
        writes = WRITE_RIGHTS | ((1 << 13) if version >= 2 else 0) | ((1 << 14) if version >= 3 else 0)
        rules = _Ruleset(writes, net, scopes)
        size = 24 if version >= 6 else 16 if version >= ENOUGH else 8
        ruleset = libc.syscall(CREATE, ctypes.byref(rules), size, 0)
        if ruleset < 0:
            return ""
        for place in (str(folder), "/dev/null"):
            parent = os.open(place, os.O_PATH | os.O_CLOEXEC)
            access = rules.files if place != "/dev/null" else (1 << 1) | (rules.files & (1 << 14))
            libc.syscall(ADD, ruleset, 1, ctypes.byref(_Beneath(access, parent)), 0)
            os.close(parent)
        libc.prctl(38, 1, 0, 0, 0)  # no new privileges, which Landlock asks for
        held = libc.syscall(RESTRICT, ruleset, 0) == 0
        os.close(ruleset)
    except (OSError, AttributeError, ValueError):
        return ""
    return f"landlock (writes{', TCP' if net else ''})" if held else ""
