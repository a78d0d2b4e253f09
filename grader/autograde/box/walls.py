"""The walls of a box, one function for each layer, closed around the process that calls it and what it will start."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import socket
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from grader.autograde.box import linux
from grader.autograde.box.layers import FILE_SIZE, MIB, NAMESPACES, NOBODY, Box, Layer, as_superuser
from grader.autograde.box.view import DEVICES, View

ROOM = {"/tmp": 256 * MIB, "/dev/shm": 64 * MIB}  # bytes of memory for files that are nobody's but this notebook's
ROOM_AT_HOME = 64 * MIB
LINKS = {
    "dev/ptmx": "pts/ptmx",
    "dev/fd": "/proc/self/fd",
    "dev/stdin": "fd/0",
    "dev/stdout": "fd/1",
    "dev/stderr": "fd/2",
}
ACCOUNT = "learner:x:{uid}:{gid}:learner:{home}:/bin/sh\n"
TERMINAL_INPUT = 0x5412  # the request TIOCSTI: types into a terminal, as its user would
SET_FLAGS, UP = 0x8914, 0x1  # the request SIOCSIFFLAGS, and the flag by which a network interface works
NO_SUCH_CALL = (
    *("clone3", "memfd_create", "memfd_secret"),  # clone3 hides its flags from a filter: everybody falls back to clone
    *("io_uring_setup", "io_uring_enter", "io_uring_register"),
)
FORBIDDEN = (
    *("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "process_madvise"),
    *("mount", "umount2", "pivot_root", "chroot", "unshare", "setns", "move_mount", "open_tree", "fsopen", "fsconfig"),
    *("fsmount", "fspick", "mount_setattr", "name_to_handle_at", "open_by_handle_at", "quotactl", "fanotify_init"),
    *("bpf", "perf_event_open", "userfaultfd", "keyctl", "add_key", "request_key", "syslog", "acct", "personality"),
    *("kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "reboot", "swapon", "swapoff"),
    *("settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "vhangup"),
    *("shmget", "msgget", "semget", "mq_open", "iopl", "ioperm", "lookup_dcookie", "mknod", "mknodat"),
)


def separate(box: Box) -> None:
    """Leave the namespaces of this machine; what is started from now on is in a PID namespace of its own.

    An ordinary user needs a user namespace for that, in which he is himself.
    """
    kinds = [NAMESPACES[layer] for layer in NAMESPACES if layer in box.layers]
    if not kinds:
        return
    if not as_superuser():
        ids = os.geteuid(), os.getegid()
        linux.unshare("user")
        _map(*ids)
    linux.unshare(*kinds)
    if Layer.NETWORK in box.layers:  # the kernel's processes talk to each other by it
        with socket.socket() as any_socket:
            fcntl.ioctl(any_socket, SET_FLAGS, struct.pack("16sh14x", b"lo", UP))


def show_only(box: Box, view: View, root: Path, own: Sequence[Path]) -> None:
    """Let nothing be seen but a view, and the folders that may be written.

    Args:
        box: says whether processes are apart, so that they are seen by a table of their own.
        view: what is shown.
        root: an empty folder, over which all of it is mounted.
        own: the folders that may be written.
    """
    linux.unshare("mount")  # once more: the outermost process keeps the paths that it has
    linux.mount("", Path("/"), flags=linux.MS_REC | linux.MS_PRIVATE)
    _room(root, MIB)
    uid, gid = (NOBODY, NOBODY) if as_superuser() else (os.geteuid(), os.getegid())
    for path, target in view.links:
        (root / path.relative_to("/")).symlink_to(target)
    rooms = {Path(path): size for path, size in ROOM.items()} | {view.home: ROOM_AT_HOME}
    rooms.pop(Path("/"), None)  # the home of accounts that have none
    places = [(path, "room") for path in rooms] + [(path, "shown") for path in view.shown]
    places += [(path, "own") for path in own] + [(Path("/proc"), "processes"), (Path("/dev/pts"), "terminals")]
    for path, what in sorted(places, key=lambda place: len(place[0].parts)):
        inside = _place(path, root)
        if what == "room":
            _room(inside, rooms[path], uid, gid)
        elif what == "processes":
            _processes(box, inside)
        elif what == "terminals":  # new ones, for commands that a cell runs by `!`
            flags = linux.NO_SETUID | linux.NO_PROGRAMS
            linux.mount("devpts", inside, "devpts", flags, "newinstance,ptmxmode=0666,mode=600")
        else:
            devices = 0 if str(path) in DEVICES else linux.NO_DEVICES
            linux.bind(path, inside, linux.NO_SETUID | devices | (linux.READ_ONLY if what == "shown" else 0))
    for name, target in LINKS.items():
        (root / name).symlink_to(target)
    (root / "etc").mkdir(exist_ok=True)
    (root / "etc/passwd").write_text(ACCOUNT.format(uid=uid, gid=gid, home=view.home))
    (root / "etc/group").write_text(f"learner:x:{gid}:\n")
    linux.enter_root(root)
    linux.restrict(Path("/"), linux.READ_ONLY, below=False)


def hand_over(scratch: Path, own: Sequence[Path]) -> None:
    """Give nobody, who the superuser will be, his folders."""
    scratch.chmod(0o711)
    for path in own:
        os.chown(path, NOBODY, NOBODY)
        for above, folders, files in os.walk(path):
            for name in (*folders, *files):
                os.chown(Path(above) / name, NOBODY, NOBODY, follow_symlinks=False)


def give_up_privileges() -> None:
    """Be an ordinary user without any capability, and never gain one: the superuser becomes nobody."""
    if as_superuser():
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        linux.prctl(linux.PR_SET_DUMPABLE, 1)  # else the next lines may not be written
        linux.unshare("user")  # in one of its own, so that its processes are counted by themselves
        _map(NOBODY, NOBODY)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.drop_capabilities()


def bar_paths(box: Box, view: View, own: Sequence[Path]) -> None:
    """Landlock: the same files once more; no TCP, abstract socket or signal beyond the box, where it knows of them.

    Where the files are not apart, the folders for temporary files and the home are everybody's, and barred.
    """
    from py_landlock import AccessFs, Landlock

    read = AccessFs.READ_FILE | AccessFs.EXECUTE
    write = AccessFs.READ_FILE | AccessFs.WRITE_FILE | AccessFs.TRUNCATE
    made = AccessFs.MAKE_DIR | AccessFs.MAKE_REG | AccessFs.MAKE_SOCK | AccessFs.MAKE_FIFO | AccessFs.MAKE_SYM
    within = AccessFs.READ_DIR | AccessFs.REMOVE_DIR | AccessFs.REMOVE_FILE | AccessFs.REFER | made
    rules = Landlock(strict=False)
    if Layer.NETWORK in box.layers:
        rules.allow_all_network()  # it is the box's own
    for path in (*view.shown, Path("/proc"), Path("/etc")):
        if path.exists() and str(path) not in DEVICES:
            rules.add_path_rule(path, access=read | AccessFs.READ_DIR if path.is_dir() else read)
    rooms = (*map(Path, ROOM), view.home) if Layer.FILES in box.layers else ()
    for path in (*own, *rooms):
        if path.exists():
            rules.add_path_rule(path, access=read | write | within)
    if Layer.FILES in box.layers:
        rules.add_path_rule("/dev/pts", access=write | AccessFs.READ_DIR | AccessFs.IOCTL_DEV)
    rules.add_path_rule(*filter(os.path.exists, DEVICES), access=write)
    rules.apply()


def bar_calls(network: bool = True) -> None:
    """seccomp: system calls that a notebook has no use for answer that they are not permitted, or do not exist.

    ``network`` says whether there is a network of the box's own; else sockets of the internet's kinds are barred too.
    """
    import pyseccomp as seccomp

    def is_it(place: int, value: int) -> seccomp.Arg:
        """Of an argument only the half that Linux looks at."""
        return seccomp.Arg(place, seccomp.MASKED_EQ, 0xFFFFFFFF, value)

    barred = seccomp.SyscallFilter(seccomp.ALLOW)
    no, unknown = seccomp.ERRNO(errno.EPERM), seccomp.ERRNO(errno.ENOSYS)
    for name in (*FORBIDDEN, *NO_SUCH_CALL):
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != -1:  # some are unknown to this architecture
            barred.add_rule(unknown if name in NO_SUCH_CALL else no, name)
    for flag in linux.NEW_NAMESPACES.values():
        barred.add_rule(no, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, flag, flag))
    families = (socket.AF_UNIX, *((socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK) if network else ()))
    not_supported = seccomp.ERRNO(errno.EAFNOSUPPORT)
    for family in set(range(max(families))) - set(map(int, families)):
        barred.add_rule(not_supported, "socket", seccomp.Arg(0, seccomp.EQ, family))
    barred.add_rule(not_supported, "socket", seccomp.Arg(0, seccomp.GT, int(max(families))))
    barred.add_rule(no, "prctl", is_it(0, linux.PR_SET_DUMPABLE))  # the watchdog could not look
    for option in (socket.SO_SNDBUF, socket.SO_RCVBUF):  # what waits in a socket is memory that nobody counts
        barred.add_rule(no, "setsockopt", is_it(1, socket.SOL_SOCKET), is_it(2, option))
    barred.add_rule(no, "ioctl", is_it(1, TERMINAL_INPUT))
    barred.load()


def limit(box: Box) -> None:
    """Bound what this process may use, where Linux counts by process; threads are counted by user namespace."""
    limits = box.limits
    bounds = {
        resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_FSIZE: min(FILE_SIZE, limits.disk),
        resource.RLIMIT_NOFILE: limits.descriptors,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    if set(NAMESPACES) & box.layers:  # else the user's other processes would count
        bounds[resource.RLIMIT_NPROC] = limits.threads
    for which, bound in bounds.items():
        hard = resource.getrlimit(which)[1]
        bound = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (bound, bound))


def hold_nothing(kept: Sequence[int]) -> None:
    """Close every open file but those that are kept; standard input and output lead nowhere."""
    sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    start = 3
    for descriptor in sorted(kept):
        os.closerange(start, descriptor)
        start = descriptor + 1
    os.closerange(start, os.sysconf("SC_OPEN_MAX"))


def _map(uid: int, gid: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _place(path: Path, root: Path) -> Path:
    """Where a path is to be mounted, made as what it is: a folder, or a file."""
    inside = root / path.relative_to("/")
    if not inside.exists():
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.touch() if path.exists() and not path.is_dir() else inside.mkdir()
    return inside


def _room(target: Path, size: int, uid: int | None = None, gid: int | None = None) -> None:
    owner = "mode=755" if uid is None else f"mode=700,uid={uid},gid={gid}"
    flags = linux.NO_SETUID | linux.NO_DEVICES
    linux.mount("tmpfs", target, "tmpfs", flags, f"{owner},size={size},nr_inodes=20000")


def _processes(box: Box, target: Path) -> None:
    if Layer.PROCESSES in box.layers:
        linux.mount("proc", target, "proc", linux.NO_SETUID | linux.NO_DEVICES | linux.NO_PROGRAMS)
    else:
        linux.bind(Path("/proc"), target, linux.NO_SETUID)
