#!/usr/bin/env python3
"""The course's commands, for machines with and without make: `python3 course.py --help` lists them.

This file finds a Python that the course runs on and hands over to the package `launcher`. It is written so that an
old Python can read it too, far enough to say what is needed: no f-strings and no annotations here, on purpose.
"""

import errno
import os
import subprocess
import sys

SUPPORTED = ((3, 11), (3, 12), (3, 13))
ROOT = os.path.dirname(os.path.abspath(__file__))


def is_supported(version):
    """Whether the course runs on this version of Python, a tuple such as (3, 12, 1)."""
    return tuple(version[:2]) in SUPPORTED


def candidates():
    """Commands that may start a Python of the right version: the course's own first, then the newest."""
    inside = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    yield [os.path.join(ROOT, ".venv", *inside)]
    for major, minor in reversed(SUPPORTED):
        if os.name == "nt":
            yield ["py", "-{}.{}".format(major, minor)]
        yield ["python{}.{}".format(major, minor)]


def version_of(command):
    """The version of the Python that `command` starts, or None where it starts none (a shim may lead nowhere)."""
    try:
        with open(os.devnull, "w") as nowhere:
            said = subprocess.check_output(
                command + ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"], stderr=nowhere
            )
        return tuple(int(part) for part in said.decode().split("."))
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def find_python():
    """The first of `candidates` that starts a supported Python, or None."""
    for command in candidates():
        version = version_of(command)
        if version and is_supported(version):
            return command
    return None


def main(arguments):
    """Run one command of the course; return its exit status."""
    if is_supported(sys.version_info):
        sys.path.insert(0, ROOT)
        from launcher.commands import main as run

        return run(arguments)
    python = find_python()
    if python is None:
        sys.stderr.write(
            "The course needs Python 3.11, 3.12 or 3.13; this is Python {}.{}, and none of these was found on PATH: "
            "install one (https://www.python.org/downloads/) and type the command again.\n".format(
                *sys.version_info[:2]
            )
        )
        return 1
    command = python + [os.path.abspath(__file__)] + arguments
    sys.stdout.flush()
    if os.name == "nt":  # there, exec returns to the shell at once and leaves the child behind
        return subprocess.call(command)
    os.execvp(command[0], command)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        if error.errno != errno.EPIPE:  # who read on has enough: `python3 course.py --help | head -1`
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still to be written at the end
        sys.exit(141)
