"""The commands of `course.py`: what each does, step by step, and how a foreseeable failure is said."""

import contextlib
import dataclasses
import errno
import os
import subprocess
import sys
import tomllib
from datetime import datetime
from pathlib import Path

from dropnorm.language import N_, LanguageError, _, using
from dropnorm.language.catalogue import SOURCE
from dropnorm.language.terminal import escape_the_rest, printable
from launcher import bundle, doctor, installation, languages, server, usage, working_copy
from launcher.layout import CourseError, Layout, environment
from launcher.usage import Command

_FETCH_PATIENCE = 8  # seconds that the first start gives the download of the official data
_FETCH_AT_MOST = 30  # seconds after which it is ended, whatever it does
_MISUSED = 2  # the exit status where there is no such command


def main(arguments: list[str], layout: Layout | None = None) -> int:
    """Run one command and return its exit status; say a foreseeable failure in one sentence on stderr."""
    layout = layout or Layout(Path(__file__).resolve().parents[1])
    escape_the_rest()
    with contextlib.ExitStack() as language:
        try:
            usual = languages.of_environment()
            language.enter_context(using(printable(usual).code))
            name, *rest = arguments or [""]
            if name in ("-h", "--help"):
                print(usage.explained(COMMANDS))
                return 0
            command = COMMANDS.get(name)
            if command is None:
                print(usage.unknown(name, COMMANDS), file=sys.stderr)
                return _MISUSED
            notebooks, rest = languages.asked(rest, usual) if command.speaks else (usual.code, rest)
            language.enter_context(using(printable(languages.spoken(notebooks)).code))
            return command.run(dataclasses.replace(layout, notebooks=notebooks), rest) or 0
        except (CourseError, LanguageError) as error:
            reason = str(error)
        except OSError as error:
            reason = _told(error, layout)
            if not reason:
                raise
        print(reason, file=sys.stderr)
        return 1


def _told(error: OSError, layout: Layout) -> str:
    """What to do where the disk is full or a folder is not to be written to; empty where it is neither."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _("The disk is full: make room and type the command again; nothing of yours is lost ({reason}).").format(
            reason=error
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return _("{file} cannot be written to: move the course to a folder of your own.").format(
            file=error.filename or layout.root
        )
    return ""


def lab(layout: Layout, arguments: list[str]) -> None:
    """Install what is missing and open the first lesson; the arguments are JupyterLab's."""
    server.check_port(arguments)
    installation.ensure(layout)
    _prepare_data(layout)
    for line in working_copy.bring_up_to_date(layout, datetime.now()):
        print(line)
    lessons = layout.first_lesson, dataclasses.replace(layout, notebooks=SOURCE).first_lesson
    there = next((f"/tree/{lesson}" for lesson in lessons if (layout.my_course / lesson).exists()), "")
    server.open_lab(layout, layout.my_course, there, arguments)


def formgrader(layout: Layout, arguments: list[str]) -> None:
    """Install what is missing and open JupyterLab on the whole course; the arguments are JupyterLab's."""
    server.check_port(arguments)
    installation.ensure(layout)
    server.open_lab(layout, layout.root, "", arguments)


def test(layout: Layout, arguments: list[str]) -> int:
    """Run the tests; the arguments are pytest's."""
    return _pytest(layout, "not full and not long", arguments)


def test_full(layout: Layout, arguments: list[str]) -> int:
    """Run the longer tests; the arguments are pytest's."""
    return _pytest(layout, "full and not long", arguments)


def bench(layout: Layout, arguments: list[str]) -> int:
    """Run the benchmarks, all or those that are named."""
    if not (layout.root / "benchmarks").is_dir():
        raise CourseError(_("This copy of the course comes without its benchmarks: clone the repository to run them."))
    installation.ensure(layout, "test")  # the slider's drives a browser as the tests do
    return _call(layout, "-m", "benchmarks", *arguments)


def reset(layout: Layout, arguments: list[str]) -> None:
    """Hand out the notebook that is named anew, and keep the learner's beside it."""
    if len(arguments) != 1:
        raise CourseError(_("Name the notebook to be handed out anew: python3 course.py reset 1_spotify_dropout"))
    print(working_copy.reset(layout, arguments[0], datetime.now()))


def examine(layout: Layout, arguments: list[str]) -> int:
    """Say what this machine lacks."""
    _none(arguments)
    lacking = False
    for sign in doctor.examine(layout):
        print(sign, flush=True)
        lacking |= sign.needed and not sign.fine
    print(_("Something is missing.") if lacking else _("The course can run here."))
    return int(lacking)


def run(layout: Layout, arguments: list[str]) -> int:
    """Run the course's Python with these arguments."""
    installation.ensure(layout)
    return _call(layout, *arguments)


def make_bundle(layout: Layout, arguments: list[str]) -> None:
    """Write the archive for learners."""
    _none(arguments)
    print(bundle.write(layout))


def lint(layout: Layout, arguments: list[str]) -> int:
    """Run ruff's lint and format."""
    _none(arguments)
    installation.ensure(layout, "test")
    return _call(layout, "-m", "ruff", "check", ".") or _call(layout, "-m", "ruff", "format", "--check", ".")


def lock(layout: Layout, arguments: list[str]) -> int:
    """Write the locks anew from pyproject.toml; the arguments are uv's.

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
    "lab": Command(
        lab, N_("install what is missing and open the first lesson in JupyterLab; its options may follow"), speaks=True
    ),
    "test": Command(test, N_("run the tests; pytest's options may follow")),
    "reset": Command(
        reset, N_("NAME: hand out a notebook anew, such as 1_spotify_dropout, and keep yours beside it"), speaks=True
    ),
    "doctor": Command(examine, N_("say in plain words what this machine lacks"), speaks=True),
    "test-full": Command(test_full, N_("run the longer tests; pytest's options may follow")),
    "bench": Command(bench, N_("run the benchmarks, all or by name: sweep, slider, opening, box")),
    "formgrader": Command(
        formgrader,
        N_("for instructors: JupyterLab on the whole course, where nbgrader's formgrader finds it"),
        speaks=True,
    ),
    "run": Command(run, N_("run the course's Python, such as: run -m dropnorm.datasets status")),
    "bundle": Command(make_bundle, N_("write the archive for learners, without solutions and tests")),
    "lint": Command(lint, N_("ruff's lint and format")),
    "lock": Command(lock, N_("write the locks anew from pyproject.toml; uv's options may follow, such as --upgrade")),
}


def _none(arguments: list[str]) -> None:
    if arguments:
        raise CourseError(
            _("This command takes no options, and was given: {options}").format(options=" ".join(arguments))
        )


def _pytest(layout: Layout, marked: str, arguments: list[str]) -> int:
    if not (layout.root / "tests").is_dir():
        raise CourseError(_("This copy of the course comes without its tests: clone the repository to run them."))
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
    print(_("Looking for the official data sets (a few seconds) ..."), flush=True)
    layout.cache.mkdir(parents=True, exist_ok=True)
    tried.touch()
    datasets, speaking = [layout.python, "-m", "dropnorm.datasets"], server.speaking(layout)
    fetch = [*datasets, "fetch", "--timeout", str(_FETCH_PATIENCE)]
    try:
        fetched = subprocess.run(fetch, cwd=layout.root, env=speaking, timeout=_FETCH_AT_MOST).returncode
    except subprocess.TimeoutExpired:
        fetched = 1
    if fetched:
        print(_("There is a stand-in for each; to try again: python3 course.py run -m dropnorm.datasets fetch"))
    sys.stdout.flush()
    subprocess.call([*datasets, "status"], cwd=layout.root, env=speaking)
