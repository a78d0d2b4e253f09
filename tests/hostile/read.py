"""Attacks that read: what is the course's, a classmate's, the instructor's or another process's."""

from __future__ import annotations

from grader.autograde.box.layers import NAMESPACES, Layer

from .case import REFUSED, REPRODUCED, SECRET_KEPT, SEEN, Case, Family, Goal, Ours

FILES = frozenset({Layer.FILES, Layer.PATHS, Layer.PRIVILEGES})
# An ordinary user's processes are also apart by the user namespace that any of the box's namespaces brings along.
OTHERS = frozenset({*NAMESPACES, Layer.PATHS, Layer.PRIVILEGES, Layer.CALLS})

OWN_MEMORY = """
import re
found = []
with open('/proc/self/mem', 'rb', 0) as memory:
    for line in open('/proc/self/maps'):
        span, rights = line.split()[:2]
        start, end = (int(each, 16) for each in span.split('-'))
        if rights.startswith('rw') and end < 2**63:
            for place in range(start, end, 2**24):
                try:
                    memory.seek(place)
                    found += re.findall(b'HOSTILE_[A-Z]+=[!-~]+', memory.read(min(2**24, end - place)))
                except OSError:
                    break
print(found)
"""


def _reads(name: str, tries: str, *cells: str, by: frozenset[Layer] = FILES, **more: object) -> Case:
    return Case(name, Family.READ, tries, cells, **{"goal": SECRET_KEPT, "by": by} | more)


def _opens(name: str, tries: str, path: str, **more: object) -> Case:
    return _reads(name, tries, f"print(open('{path}').read())", **more)


CASES = (
    _opens(
        "solutions",
        "reads the solutions in the course's folder",
        "$course/solutions/unit/one.ipynb",
        stock=REPRODUCED,
    ),
    _reads(
        "solutions-of-the-clone",
        "finds this course's own solutions from where its package lies",
        "import dropnorm, pathlib\n"
        "for path in (pathlib.Path(dropnorm.__file__).parents[1] / 'solutions').rglob('*.ipynb'):\n"
        "    print(path.read_text())",
        goal=Goal("no solution comes back", lambda scene: "BEGIN SOLUTION" in scene.text),
        stock=REPRODUCED,
    ),
    _reads(
        "hidden-tests",
        "reads hidden tests out of the gradebook",
        "import sqlite3\nprint(sqlite3.connect('file:$course/gradebook.db?mode=ro', uri=True)"
        ".execute('SELECT * FROM grade').fetchall())",
        stock=REPRODUCED,
    ),
    _opens(
        "classmate",
        "reads what a classmate has handed in",
        "$course/submitted/ben/unit/one.ipynb",
        stock=REPRODUCED,
    ),
    _reads(
        "classmate-graded",
        "searches the course for notebooks of others that are graded",
        "import glob\nfor path in glob.glob('$course/autograded/**/*.ipynb', recursive=True):\n"
        "    print(open(path).read())",
    ),
    _opens("records-of-verdicts", "reads what was judged of others", "$course/.grading/records.json"),
    _opens("others-trainings", "reads kept trainings of others", "$root/cache/trainings/one.npz"),
    _opens("key", "reads the instructor's private key", "$home/.ssh/id_ed25519"),
    _reads(
        "passwords",
        "reads the system's passwords",
        "print([line.split(':')[0] for line in open('/etc/shadow')])",
        goal=Goal("no name of it comes back", lambda scene: "'root'" in scene.text),
        superuser=True,
    ),
    _reads(
        "accounts",
        "reads which accounts the machine has",
        "print(open('/etc/passwd').read())",
        goal=Goal("no other account is seen", lambda scene: "root:" in scene.text),
    ),
    _opens(
        "other-kernel-file",
        "reads the connection file of another learner's kernel",
        "$root/other/run/kernel.json",
    ),
    _opens("shared-file", "reads a file in shared memory", "$shared"),
    _reads(
        "climbing",
        "climbs out of its folder by relative paths",
        "import os\nprint(open(os.path.relpath('$root/secret.txt')).read())",
    ),
    _reads(
        "link-out",
        "makes a link to a secret, and reads through it",
        "import os\nos.symlink('$root/secret.txt', 'way-out')\nprint(open('way-out').read())",
    ),
    _reads(
        "environment",
        "looks into its environment for tokens",
        "import os\nprint(dict(os.environ))",
        by=frozenset({Layer.ENVIRONMENT}),
    ),
    _reads(
        "environment-at-start",
        "looks into the environment that the process it was forked from was started with",
        "print(open('/proc/self/environ').read())",
        by=frozenset({Ours.START}),
        alone=True,
    ),
    _reads(
        "own-memory",
        "searches its own memory for what the process that it was forked from was started with",
        OWN_MEMORY,
        by=frozenset({Ours.START}),
        alone=True,
    ),
    _reads(
        "environment-of-others",
        "reads the environment of every process",
        "import glob\nfor path in glob.glob('/proc/[0-9]*/environ'):\n    try:\n        print(open(path).read())\n"
        "    except OSError:\n        pass",
        by=OTHERS,
    ),
    _reads(
        "command-lines",
        "reads what other processes were started with",
        "import glob\nfor path in glob.glob('/proc/[0-9]*/cmdline'):\n    print(open(path).read())",
        by=OTHERS,
    ),
    _reads(
        "memory-of-others",
        "reads the memory of another process through /proc",
        "with open('/proc/$process/mem', 'rb') as memory:\n    memory.seek($address)\n    print(memory.read(64))",
        by=OTHERS,
    ),
    _reads(
        "memory-by-call",
        "reads the memory of another process by a system call",
        "import ctypes, os\n"
        "class Part(ctypes.Structure):\n    _fields_ = [('start', ctypes.c_void_p), ('size', ctypes.c_size_t)]\n"
        "found = ctypes.create_string_buffer(64)\n"
        "own, other = Part(ctypes.addressof(found), 32), Part($address, 32)\n"
        "libc = ctypes.CDLL(None)\n"
        "libc.process_vm_readv($process, ctypes.byref(own), 1, ctypes.byref(other), 1, 0)\nprint(found.value)",
        by=OTHERS,
    ),
    _reads(
        "root-of-others",
        "goes through another process's root folder",
        "print(open('/proc/$process/root$root/secret.txt').read())",
        by=OTHERS,
    ),
    _reads(
        "folder-of-parent",
        "goes through the folder and root of each process above",
        "import os\npid = os.getppid()\nwhile pid:\n    try:\n"
        "        print(open(f'/proc/{pid}/root$root/secret.txt').read())\n    except OSError:\n        pass\n"
        "    try:\n        pid = int(open(f'/proc/{pid}/stat').read().rsplit(')')[1].split()[1])\n"
        "    except OSError:\n        break",
        by=OTHERS,
    ),
    _reads(
        "open-files-of-others",
        "takes an open file from another process (pidfd_getfd)",
        "import ctypes, os\nlibc = ctypes.CDLL(None)\n"
        "taken = libc.syscall(438, libc.syscall(434, $process, 0), 1, 0)\n"
        "print('got through' if taken >= 0 else 'refused')",
        by=OTHERS,
        goal=REFUSED,
    ),
    _reads(
        "shared-segment",
        "attaches a segment of shared memory of another process",
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.shmat.restype = ctypes.c_void_p\n"
        "address = libc.shmat($segment, None, 0o10000)\n"
        "print(ctypes.string_at(address, 32) if address not in (None, 2**64 - 1) else 'none')",
        by=frozenset({Layer.IPC}),
    ),
    _reads(
        "link-brought-back",
        "leaves a link to a secret, for the trusted side to follow",
        "import os\nos.symlink('$root/secret.txt', 'brought-back')",
        goal=Goal(
            "the trusted side does not copy it",
            lambda scene: scene.grounds.token.encode() in b"".join(scene.ran.files.values()),
        ),
        by=frozenset({Ours.LINKS}),
        stock=SEEN,
        alone=True,
    ),
)
