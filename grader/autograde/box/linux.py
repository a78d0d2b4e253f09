"""The calls to Linux that a box needs and Python 3.11 has no function for; each raises OSError, and no more is here.

Numbers are those of the kernel's headers (``sched.h``, ``mount.h``, ``prctl.h``, ``capability.h``).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys
from pathlib import Path

NEW_NAMESPACES = {"mount": 0x00020000, "ipc": 0x08000000, "user": 0x10000000, "pid": 0x20000000, "net": 0x40000000}

MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
READ_ONLY, NO_SETUID, NO_DEVICES, NO_PROGRAMS = 1, 2, 4, 8  # among mount's flags and mount_setattr's attributes alike
DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 36, 38
LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")

_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_MOUNT_SETATTR = 442  # on every architecture
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_CAPABILITIES_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns")]


def unshare(*names: str) -> None:
    """Leave the namespaces of these kinds for new ones; a new one for processes holds those started from now on."""
    _call("unshare", sum(NEW_NAMESPACES[name] for name in names))


def mount(source: str, target: Path, kind: str = "", flags: int = 0, options: str = "") -> None:
    """Mount, as the system call of that name."""
    _call("mount", source.encode(), str(target).encode(), kind.encode(), flags, options.encode() or None)


def bind(source: Path, target: Path, attributes: int) -> None:
    """Show a file, or a folder with all that is mounted in it, at a second place, with attributes of its own."""
    mount(str(source), target, flags=MS_BIND | MS_REC)
    restrict(target, attributes)


def restrict(target: Path, attributes: int, below: bool = True) -> None:
    """Add attributes to a mount, and to what is mounted below it (Linux 5.12 and newer)."""
    asked, deep = _MountAttributes(set=attributes), _AT_RECURSIVE if below else 0
    size = ctypes.c_size_t(ctypes.sizeof(asked))
    _call("syscall", _MOUNT_SETATTR, _AT_FDCWD, str(target).encode(), deep, ctypes.byref(asked), size)


def enter_root(root: Path) -> None:
    """Make a mounted folder the root of all paths; what was there before is out of reach."""
    number = _PIVOT_ROOT.get(platform.machine())
    if number is None:
        raise OSError(f"the number of pivot_root on {platform.machine()} is not known")
    os.chdir(root)
    _call("syscall", number, b".", b".")  # the old root is now mounted over the new one,
    _call("umount2", b".", DETACH)  # and goes
    os.chdir("/")


def prctl(option: int, argument: int = 0) -> None:
    """Set something of this process."""
    _call("prctl", option, argument, 0, 0, 0)


def drop_capabilities() -> None:
    """Give up every capability of this process, and of what it starts."""
    with contextlib.suppress(PermissionError):  # who has none cannot give up those that he might have had
        for capability in range(int(LAST_CAPABILITY.read_text()) + 1):
            prctl(PR_CAPBSET_DROP, capability)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_3, 0)
    _call("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)()))


def _call(name: str, *arguments: object) -> None:
    as_c = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    if getattr(_libc, name)(*as_c) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
