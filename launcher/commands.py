"""The commands of `course.py`: what each does, step by step, and how a foreseeable failure is said."""

import argparse
import errno
import os
import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path

from launcher import bundle, doctor, installation, server, working_copy
from launcher.layout import CourseError, Layout, environment

_FETCH_PATIENCE = 8  # seconds that the first start gives the download of the official data
_FETCH_AT_MOST = 30  # seconds after which it is ended, whatever it does


def main(arguments: list[str], layout: Layout | None = None) -> int:
    """Run one command and return its exit status; say a foreseeable failure in one sentence on stderr."""
    layout = layout or Layout(Path(__file__).resolve().parents[1])
    command, rest = _parsed(arguments)
    try:
        return command(layout, rest) or 0
    except CourseError as error:
        reason = str(error)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            reason = f"The disk is full: make room and type the command again; nothing of yours is lost ({error})."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            reason = f"{error.filename or layout.root} cannot be written to: move the course to a folder of your own."
        else:
            raise
    print(reason, file=sys.stderr)
    return 1


def lab(layout: Layout, arguments: list[str]) -> None:
    """install what is missing and open the first lesson in JupyterLab; its options may follow"""
    server.check_port(arguments)
    installation.ensure(layout)
    _prepare_data(layout)
    for line in working_copy.bring_up_to_date(layout, datetime.now()):
        print(line)
    there = (layout.my_course / layout.first_lesson).exists()
    server.open_lab(layout, layout.my_course, f"/tree/{layout.first_lesson}" if there else "", arguments)


def formgrader(layout: Layout, arguments: list[str]) -> None:
    """for instructors: JupyterLab on the whole course, where nbgrader's formgrader finds it"""
    server.check_port(arguments)
    installation.ensure(layout)
    server.open_lab(layout, layout.root, "", arguments)


def test(layout: Layout, arguments: list[str]) -> int:
    """run the tests; pytest's options may follow"""
    return _pytest(layout, "not full", arguments)


def test_full(layout: Layout, arguments: list[str]) -> int:
    """run the longer tests; pytest's options may follow"""
    return _pytest(layout, "full", arguments)


def bench(layout: Layout, arguments: list[str]) -> int:
    """run the benchmarks, all or by name: sweep, slider, opening"""
    if not (layout.root / "benchmarks").is_dir():
        raise CourseError("This copy of the course comes without its benchmarks: clone the repository to run them.")
    installation.ensure(layout, "test")  # the slider's drives a browser as the tests do
    return _call(layout, "-m", "benchmarks", *arguments)


def reset(layout: Layout, arguments: list[str]) -> None:
    """NAME: hand out a notebook anew, such as 1_spotify_dropout, and keep yours beside it"""
    if len(arguments) != 1:
        raise CourseError("Name the notebook to be handed out anew: python3 course.py reset 1_spotify_dropout")
    print(working_copy.reset(layout, arguments[0], datetime.now()))


def examine(layout: Layout, arguments: list[str]) -> int:
    """say in plain words what this machine lacks"""
    _none(arguments)
    lacking = False
    for sign in doctor.examine(layout):
        print(sign, flush=True)
        lacking |= sign.needed and not sign.fine
    print("Something is missing." if lacking else "The course can run here.")
    return int(lacking)


def run(layout: Layout, arguments: list[str]) -> int:
    """run the course's Python, such as: run -m dropnorm.datasets status"""
    installation.ensure(layout)
    return _call(layout, *arguments)


def make_bundle(layout: Layout, arguments: list[str]) -> None:
    """write the archive for learners, without solutions and tests"""
    _none(arguments)
    print(bundle.write(layout))


def lint(layout: Layout, arguments: list[str]) -> int:
    """ruff's lint and format"""
    _none(arguments)
    installation.ensure(layout, "test")
    return _call(layout, "-m", "ruff", "check", ".") or _call(layout, "-m", "ruff", "format", "--check", ".")


def lock(layout: Layout, arguments: list[str]) -> int:
    """write the locks anew from pyproject.toml; uv's options may follow, such as --upgrade

    No hashes: some mirrors serve wheels that they have built anew or signed, and pip would then refuse all of them.
    """
    installation.ensure(layout)
    extras = tomllib.loads((layout.root / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    uv = ("-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--quiet")
    uv += ("--custom-compile-command", "make lock", *arguments, "pyproject.toml")
    return (
        _call(layout, "-m", "pip", "install", "--quiet", *extras["author"])
        or _call(layout, *uv, "-o", "requirements.lock")
        or _call(layout, *uv, "--extra", "test", "-c", "requirements.lock", "-o", "requirements-test.lock")
    )


COMMANDS = {
    "lab": lab,
    "test": test,
    "reset": reset,
    "doctor": examine,
    "test-full": test_full,
    "bench": bench,
    "formgrader": formgrader,
    "run": run,
    "bundle": make_bundle,
    "lint": lint,
    "lock": lock,
}


def _parsed(arguments: list[str]):
    """The command, and what was typed after it: that belongs to JupyterLab, pytest or the command itself."""
    parser = argparse.ArgumentParser(
        prog="course.py",
        description="A course on dropout and batch normalization.",
        epilog="\n".join(f"{name:<12}{command.__doc__.splitlines()[0]}" for name, command in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands below")
    parser.add_argument("options", nargs=argparse.REMAINDER, metavar="...", help="what the command is given")
    parsed = parser.parse_args(arguments)
    return COMMANDS[parsed.command], parsed.options


def _none(arguments: list[str]) -> None:
    if arguments:
        raise CourseError(f"This command takes no options, and was given: {' '.join(arguments)}")


def _pytest(layout: Layout, marked: str, arguments: list[str]) -> int:
    if not (layout.root / "tests").is_dir():
        raise CourseError("This copy of the course comes without its tests: clone the repository to run them.")
    installation.ensure(layout, "test")
    # Three files at once: small networks, browsers and installations leave half of two cores idle. More would ask for
    # much memory.
    return _call(layout, "-m", "pytest", "-m", marked, "-n", "3", "--dist", "loadfile", *arguments)


def _call(layout: Layout, *arguments: str) -> int:
    """Run the environment's Python in the course's folder and return its exit status."""
    sys.stdout.flush()
    return subprocess.call([layout.python, *arguments], cwd=layout.root, env=environment(layout))


def _prepare_data(layout: Layout) -> None:
    """Try once to get the official data, for a few seconds; say which files are in use, and draw the stand-ins.

    Later starts do not try again: which file is in use must not change by itself between two of them.
    """
    tried = layout.cache / ".tried"
    if tried.exists() or os.environ.get("DROPNORM_DATA"):
        return
    print("Looking for the official data sets (a few seconds) ...", flush=True)
    layout.cache.mkdir(parents=True, exist_ok=True)
    tried.touch()
    fetch = [layout.python, "-m", "dropnorm.datasets", "fetch", "--timeout", str(_FETCH_PATIENCE)]
    try:
        fetched = subprocess.run(fetch, cwd=layout.root, env=environment(layout), timeout=_FETCH_AT_MOST).returncode
    except subprocess.TimeoutExpired:
        fetched = 1
    if fetched:
        print("There is a stand-in for each; to try again: python3 course.py run -m dropnorm.datasets fetch")
    _call(layout, "-m", "dropnorm.datasets", "status")
