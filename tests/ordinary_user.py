"""A command as an ordinary user runs it, whoever runs the tests: in a user namespace, without a capability.

    python -m tests.ordinary_user {yes,no} COMMAND…

``no`` stands for a system that gives no namespaces to ordinary users.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from grader.autograde.box import linux

UID = 1000


def run(*command: str, namespaces: bool = True, **how: object) -> subprocess.CompletedProcess[str]:
    """Run a command as an ordinary user; its output is brought back as text."""
    be = [sys.executable, "-m", "tests.ordinary_user", "yes" if namespaces else "no"]
    return subprocess.run([*be, *command], capture_output=True, text=True, **how)


def main(namespaces: str, *command: str) -> None:
    """Become an ordinary user, and be the command."""
    outside = os.geteuid(), os.getegid()
    linux.unshare("user")
    Path("/proc/self/setgroups").write_text("deny")
    for name, there in zip(("uid", "gid"), outside, strict=True):
        Path(f"/proc/self/{name}_map").write_text(f"{UID} {there} 1")
    if namespaces == "no":
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.drop_capabilities()
    os.execv(command[0], list(command))


if __name__ == "__main__":
    main(*sys.argv[1:])
