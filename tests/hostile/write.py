"""Attacks that change what is not theirs: the gradebook, the course, the packages, the instructor's home and terminal.

Where a success would hurt this machine itself, a file is only opened for writing, and nothing is written.
"""

from __future__ import annotations

from grader.autograde.box.layers import Layer

from .case import REFUSED, REPRODUCED, Case, Defence, Family, Goal, Ours
from .read import FILES

ADDED = "with open('{path}', 'a') as file:\n    file.write('$word')"
OPENED = "open('{path}', 'a').close()\nprint('got through')"


def _unchanged(name: str) -> Goal:
    return Goal("the file stays as it was", lambda scene: scene.word in scene.grounds.read(name))


def _writes(
    name: str, tries: str, *cells: str, goal: Goal = REFUSED, by: frozenset[Defence] = FILES, **more: str
) -> Case:
    return Case(name, Family.WRITE, tries, cells, goal, by, **more)


def _adds(name: str, tries: str, path: str) -> Case:
    return _writes(name, tries, ADDED.format(path=f"$root/{path}"), goal=_unchanged(path))


CASES = (
    _writes(
        "gradebook",
        "gives itself points in the gradebook",
        "import sqlite3\nbook = sqlite3.connect('$course/gradebook.db')\n"
        "book.execute(\"UPDATE grade SET score = 100 WHERE student = 'ada'\")\nbook.commit()",
        goal=Goal("the score stays 0", lambda scene: scene.grounds.score != 0),
        stock=REPRODUCED,
    ),
    _adds("record-of-verdicts", "adds a verdict to the record", "course/.grading/records.json"),
    _adds("released-exercise", "changes the exercise that others will get", "course/exercises/unit/one.ipynb"),
    _adds("classmates-work", "spoils what a classmate has handed in", "course/submitted/ben/unit/one.ipynb"),
    _adds("poisoned-training", "puts a training of its own among those that are kept", "cache/trainings/one.npz"),
    _adds("shell-start", "adds a line to the instructor's shell", "home/.bashrc"),
    _writes(
        "key-of-its-own",
        "lets itself in by a key of its own",
        "import pathlib\npathlib.Path('$home/.ssh/authorized_keys').write_text('$word')",
        goal=Goal("there is no such file", lambda scene: (scene.grounds.root / "home/.ssh/authorized_keys").exists()),
    ),
    _writes(
        "through-a-link",
        "writes through a link in its own folder",
        "import os\nos.symlink('$root/secret.txt', 'door')\n" + ADDED.format(path="door"),
        goal=_unchanged("secret.txt"),
    ),
    _writes("course-code", "changes the code that judges the next one", OPENED.format(path="$clone/grader/cells.py")),
    _writes("packages", "changes a package that is imported next", OPENED.format(path="$packages/keras/__init__.py")),
    _writes(
        "poisoned-data",
        "changes the data that the next one is trained on",
        OPENED.format(path="$clone/data/sources.toml"),
    ),
    _writes(
        "system-settings",
        "changes what the dynamic linker loads into every program",
        OPENED.format(path="/etc/ld.so.cache"),
        superuser=True,
    ),
    _writes(
        "mount-over",
        "asks for a namespace in which it may mount a folder over the packages",
        "import ctypes, os\nif (child := os.fork()) == 0:\n    os._exit(ctypes.CDLL(None).unshare(0x10020000) != 0)\n"
        "print('got through' if os.waitpid(child, 0)[1] == 0 else 'refused')",
        by=frozenset({Layer.CALLS}),
        alone=True,
    ),
    _writes(
        "typed-into-terminal",
        "types a command into the instructor's terminal (TIOCSTI)",
        "import fcntl\ntry:\n    fcntl.ioctl(open('/dev/null'), 0x5412, b'x')\n"
        "except OSError as error:\n    print('got through' if error.errno == 25 else error)",
        by=frozenset({Layer.CALLS, Layer.PATHS}),
    ),
    _writes(
        "terminal",
        "sends control characters to the instructor's terminal",
        "import os\nfor number in (1, 2):\n    os.write(number, b'\\x1b]0;$word\\x07')",
        goal=Goal("the terminal shows nothing", lambda scene: scene.word in scene.grounds.read("terminal")),
        by=frozenset({Ours.BOX}),
        alone=True,
    ),
)
