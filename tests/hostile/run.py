"""Attacks that run away: in time, memory, disk, processes, and in what they print. Each is small and ends by itself.

Where the defence is removed the cell goes on, and says so; else its kernel was ended, or it was told why not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.autograde.box.layers import MIB, Layer, Limits
from grader.autograde.nested import depth

from .case import REPRODUCED, STOPPED, Case, Defence, Family, Goal, Ours

WATCH, LIMITS = frozenset({Layer.WATCH}), frozenset({Layer.LIMITS})
ONE_SECOND = {"timeout": 1, "iopub_timeout": 1}
LASTS = 4  # seconds that an attack goes on, where nothing stops it
NO_TIME, KEPT, FLOOD = (frozenset({each}) for each in (Ours.TIME, Ours.KEPT, Ours.FLOOD))
# What others are much like is left to the full tests.
LONG = (
    *("interrupt-ignored", "processor-time", "several-files", "deleted-files", "memory-of-children", "displayed-again"),
    *("displayed-and-cleared", "result-of-no-kind", "state-without-state", "null-pointer", "stops-itself", "errors"),
    *("small-files", "displayed", "sparse-file", "deep-recursion", "kills-itself", "memory"),
)
ABOVE = "print('a result above')"
KEEPS = Goal(
    "what ran above keeps its results, and the cell says why it has none",
    lambda scene: "a result above" not in scene.text or "KernelDied" not in scene.text,
)


SMALL = Goal("not more than 9 MB of it is kept", lambda scene: len(scene.text) > 9 * MIB)


def _runs(
    name: str,
    tries: str,
    *cells: str,
    by: frozenset[Defence],
    goal: Goal = STOPPED,
    limits: Mapping[str, int] | None = None,
    **more: Any,
) -> Case:
    return Case(
        name,
        Family.RUN,
        tries,
        cells,
        goal,
        by,
        limits=Limits(**limits or {}),
        alone=True,
        long=name in LONG,
        **more,
    )


SENT = "kernel = get_ipython().kernel\nkernel.session.send(kernel.iopub_socket, '{}', {}, parent=kernel.get_parent())"
FLAT = Goal("no output of more than 64 levels is kept", lambda scene: depth(scene.cells[-1].outputs) > 70)
NOTHING_RAISED = Goal("it costs this notebook's kernel and no more", lambda scene: scene.ran.failure is not None)


def _speaks(name: str, tries: str, *cells: str, goal: Goal = NOTHING_RAISED) -> Case:
    return _runs(name, tries, ABOVE, *cells, by=frozenset({Ours.MESSAGES}), goal=goal)


def _floods(name: str, tries: str, cell: str, goal: Goal | None = None) -> Case:
    return _runs(name, tries, cell, by=FLOOD, goal=goal or SMALL)


CASES = (
    _runs(
        "endless-loop",
        "loops without end",
        f"import time\nends = time.monotonic() + {LASTS}\nwhile time.monotonic() < ends: pass\nprint('went on')",
        by=NO_TIME,
        settings=ONE_SECOND,
    ),
    _runs(
        "interrupt-ignored",
        "loops, and swallows every interrupt",
        f"import time\nends = time.monotonic() + {LASTS}\nwhile time.monotonic() < ends:\n    try:\n"
        "        time.sleep(1)\n    except KeyboardInterrupt:\n        pass\nprint('went on')",
        by=NO_TIME,
        settings=ONE_SECOND,
        stock=REPRODUCED,
    ),
    _runs(
        "stops-itself",
        "stops its own process, so that no interrupt is heard",
        f"import os, signal, subprocess, time\nsubprocess.Popen(['sh', '-c', 'sleep {LASTS}; kill -CONT ' + "
        "str(os.getpid())])\nos.kill(os.getpid(), signal.SIGSTOP)\nprint('went on')",
        by=NO_TIME,
        settings=ONE_SECOND,
    ),
    _runs(
        "asks",
        "asks for input that nobody gives, and says that somebody could",
        "import _thread, threading, time\nget_ipython().kernel._allow_stdin = True\nbegan = time.monotonic()\n"
        f"threading.Timer({LASTS}, _thread.interrupt_main).start()\ntry:\n    input()\nexcept KeyboardInterrupt:\n"
        f"    print('went on' if time.monotonic() - began >= {LASTS} else 'stopped')",
        by=NO_TIME,
        settings=ONE_SECOND,
        stock="fails: there as well a cell has its time (reproduced)",
    ),
    _runs(
        "processes",
        "starts processes, each of which stays",
        "import os, time\nfor _ in range(40):\n    if os.fork() == 0:\n        time.sleep(3)\n        os._exit(0)\n"
        "time.sleep(2)\nprint('went on')",
        by=WATCH,
        limits={"processes": 20},
    ),
    _runs(
        "threads",
        "starts threads, each of which stays",
        "import threading, time\nfor _ in range(60): threading.Thread(target=time.sleep, args=[2]).start()\n"
        "print('went on')",
        by=LIMITS,
        limits={"threads": 50},
    ),
    _runs(
        "open-files",
        "opens files and closes none",
        "held = [open('/dev/null') for _ in range(300)]\nprint('went on')",
        by=LIMITS,
        limits={"descriptors": 128},
    ),
    _runs(
        "processor-time",
        "computes in processes of its own, which no interrupt reaches",
        "import os\nif (child := os.fork()) == 0:\n    import signal, time\n    signal.signal(signal.SIGXCPU, "
        "signal.SIG_DFL)\n    ends = time.process_time() + 3\n    while time.process_time() < ends: pass\n"
        "    os._exit(0)\nprint('went on' if os.waitpid(child, 0)[1] == 0 else 'ended')",
        by=LIMITS,
        limits={"seconds": 2},
    ),
    _runs(
        "large-file",
        "writes a large file",
        "with open('large', 'wb') as file:\n    for _ in range(64): file.write(bytes(2**20))\nprint('went on')",
        by=LIMITS | WATCH,
        limits={"disk": 8 * MIB},
    ),
    _runs(
        "sparse-file",
        "makes a file whose size is told and not written",
        "with open('sparse', 'wb') as file: file.truncate(2**30)\nprint('went on')",
        by=LIMITS,
        limits={"disk": 8 * MIB},
    ),
    _runs(
        "several-files",
        "writes many files, each of which is within the limit",
        "import time\nfor number in range(16):\n    with open(f'{number}', 'wb') as file: file.write(bytes(2**21))\n"
        "time.sleep(3)\nprint('went on')",
        by=WATCH,
        limits={"disk": 8 * MIB},
    ),
    _runs(
        "deleted-files",
        "writes files that are deleted and still open",
        "import os, time\nheld = []\nfor _ in range(16):\n    held.append(open('gone', 'wb', buffering=0))\n"
        "    held[-1].write(bytes(2**21))\n    os.remove('gone')\ntime.sleep(3)\nprint('went on')",
        by=WATCH,
        limits={"disk": 8 * MIB},
    ),
    _runs(
        "small-files",
        "makes thousands of empty files",
        "import time\nfor number in range(3000): open(str(number), 'w').close()\ntime.sleep(3)\nprint('went on')",
        by=WATCH,
        limits={"files": 1000},
    ),
    _runs(
        "memory",
        "takes memory and keeps it",
        "import time\nheld = [bytes([1]) * 2**20 for _ in range(64)]\ntime.sleep(1)\nprint('went on')",
        by=WATCH,
        limits={"memory": 176 * MIB},
    ),
    _runs(
        "memory-of-children",
        "takes memory in processes of its own, a little in each",
        "import os, time\nfor _ in range(4):\n    if os.fork() == 0:\n        held = bytes([1]) * 2**24\n"
        "        time.sleep(2)\n        os._exit(0)\ntime.sleep(1.5)\nprint('went on')",
        by=WATCH,
        limits={"memory": 176 * MIB},
    ),
    _floods("printed", "prints without end", "for _ in range(24): print('x' * 2**19)"),
    _floods(
        "displayed",
        "displays pages without end",
        "from IPython.display import HTML, display\nfor _ in range(24): display(HTML('<b>x</b>' * 2**16))",
    ),
    _floods(
        "displayed-again",
        "changes what it displays without end",
        "from IPython.display import display\nshown = display('', display_id=True)\n"
        "for _ in range(80): shown.update('x' * 2**19)\nfor _ in range(2): print('x' * 2**20)\nprint('went on')",
        goal=STOPPED,
    ),
    _floods(
        "displayed-and-cleared",
        "displays and clears without end",
        "from IPython.display import HTML, clear_output, display\nfor _ in range(80):\n    clear_output(wait=True)\n"
        "    display(HTML('x' * 2**19))\nfor _ in range(2): print('x' * 2**20)\nprint('went on')",
        goal=STOPPED,
    ),
    _floods(
        "at-once",
        "sends one giant message",
        "import sys\nsys.stdout.write('x' * 12 * 2**20)",
    ),
    _floods(
        "errors",
        "raises an error with a giant text",
        "raise ValueError('x' * 12 * 2**20)",
    ),
    _floods(
        "result",
        "ends with a giant result, which nbgrader cannot read and takes for all points",
        "'x' * 12 * 2**20",
    ),
    _speaks("stream-without-name", "sends a text that belongs to no stream", SENT.format("stream", "{}")),
    _speaks("result-of-no-kind", "sends a result that is none", SENT.format("execute_result", "{'data': 5}")),
    _speaks("state-without-state", "says nothing of its state", SENT.format("status", "{}")),
    _speaks(
        "deep-output",
        "displays 200 lists within each other, too deep for the steps that copy a notebook",
        "deep = []\nfor _ in range(200): deep = [deep]\n"
        + SENT.format("display_data", "{'data': {'application/json': deep}, 'metadata': {}}"),
        goal=FLAT,
    ),
    _speaks(
        "unsigned-message",
        "sends bytes that are no message",
        "get_ipython().kernel.iopub_socket.send_multipart([b'no message'])",
    ),
    _speaks(
        "reply-of-no-kind",
        "answers for its kernel, by what is no answer",
        "async def answer(*_, **__): return {'status': 'ok', 'payload': 7}\nget_ipython().kernel.do_execute = answer",
        "1",
    ),
    _runs(
        "daemon",
        "leaves a process behind that has left its group and its parent",
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n"
        "        os.execvp('sleep', ['sleep', '613.5'])\n    os._exit(0)\ntime.sleep(0.5)",
        by=frozenset({Ours.BOX}),
        goal=Goal("nothing that it started is left", lambda scene: left_behind("613.5")),
    ),
    _runs(
        "kills-others",
        "kills another process of the same user",
        "import os, signal\nos.kill($process, signal.SIGURG)\nprint('went on')",
        by=frozenset({Layer.PROCESSES, Layer.PRIVILEGES, Layer.PATHS}),
        goal=Goal("no signal reaches it", STOPPED.won),
    ),
    _runs(
        "kills-all",
        "asks whom it could kill",
        "import os\nfor name in filter(str.isdigit, os.listdir('/proc')):\n    try:\n        os.kill(int(name), 0)\n"
        "        print(open(f'/proc/{name}/cmdline').read())\n    except OSError:\n        pass",
        by=frozenset({Layer.PROCESSES, Layer.PRIVILEGES, Layer.PATHS}),
        goal=Goal("none but its own processes", lambda scene: scene.grounds.token in scene.text),
    ),
    _runs("exits", "ends its own process", ABOVE, "import os\nos._exit(0)", by=KEPT, goal=KEEPS, stock=REPRODUCED),
    _runs(
        "kills-itself",
        "kills itself, and its parent",
        ABOVE,
        "import os, signal\nfor pid in (os.getppid(), os.getpid()):\n    try:\n        os.kill(pid, signal.SIGKILL)\n"
        "    except OSError:\n        pass",
        by=KEPT,
        goal=KEEPS,
    ),
    _runs(
        "null-pointer",
        "reads from address 0",
        ABOVE,
        "import ctypes, faulthandler\nfaulthandler.disable()\nctypes.string_at(0)",
        by=KEPT,
        goal=KEEPS,
    ),
    _runs(
        "deep-recursion",
        "overflows the stack",
        ABOVE,
        "import faulthandler, sys\nfaulthandler.disable()\nsys.setrecursionlimit(10**9)\n"
        "class Deep:\n    def __repr__(self): return repr([self])\nrepr(Deep())",
        by=KEPT,
        goal=KEEPS,
    ),
)


def left_behind(argument: str) -> bool:
    """Whether a process with such an argument runs; it is ended."""
    import psutil

    found = []
    for process in psutil.process_iter(["cmdline"]):
        if argument in (process.info["cmdline"] or []):
            process.kill()
            found.append(process)
    return bool(found)
