"""A notebook in a scratch folder: its results, its files, and what is left of it where its kernel dies."""

from __future__ import annotations

import dataclasses
import json
import pickle
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager

from grader.autograde import limits_told, notebook_run, scratch_execute, warm_kernels
from grader.autograde.judging import nothing, nothing_handed_over
from grader.autograde.notebook_run import Job, Ran, run_notebook
from grader.channel import VARIABLE

ASK = """
import json, os, socket
from grader.channel import drivers_channel
print(drivers_channel().ask({"said": "hello"}))
"""


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """One for all tests of this file, where kernels are forked."""
    yield
    if sys.platform == "linux":
        warm_kernels.the_server().close()


class Listening:
    """Takes every message and says so."""

    def __init__(self) -> None:
        self.heard: list[dict[str, Any]] = []

    def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        self.heard.append(message)
        return {"heard": len(self.heard)}, b"and more"

    def finish(self) -> list[dict[str, Any]]:
        return self.heard


def job(*cells: str, **more: Any) -> Job:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return Job("unit", "ada", "one", nbformat.writes(notebook), **more)


def outputs(ran: Ran) -> list[list[dict[str, Any]]]:
    assert ran.failure is None
    cells = nbformat.reads(ran.notebook, as_version=4).cells
    return [cell["outputs"] for cell in cells if cell["cell_type"] == "code"]


def text(outputs: list[dict[str, Any]]) -> str:
    return "".join("".join(output.get("text", "")) for output in outputs)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def names(outputs: list[dict[str, Any]]) -> list[str]:
    return [output.get("ename", output["output_type"]) for output in outputs]


def test_it_runs_beside_its_files_and_brings_back_what_it_wrote():
    given = {"data.csv": b"1\n", "deep/more.csv": b"2\n", "same.txt": b"same"}
    wanted = job(
        "from pathlib import Path\nprint(Path('data.csv').read_text() + Path('deep/more.csv').read_text())",
        "Path('deep/more.csv').write_text('3')\nPath('new').mkdir()\nPath('new/made.bin').write_bytes(b'\\0')\n"
        "Path('same.txt').write_text('same')\nPath('link').symlink_to('/etc/hostname')\nprint(Path.cwd())",
        files=given,
    )
    ran = run_notebook(pickle.loads(pickle.dumps(wanted)), Listening())
    read, folder = map(text, outputs(ran))
    assert read == "1\n2\n\n"
    assert ran.files == {"deep/more.csv": b"3", "new/made.bin": b"\0"}
    assert not Path(folder.strip()).exists() and Path(folder.strip()).parents[2] == Path(tempfile.gettempdir())
    assert set(ran.seconds) == {"start", "cells", "judging"} and ran.notes == ()


@pytest.mark.parametrize("manager", [None, AsyncKernelManager, warm_kernels.WarmKernelManager])
def test_what_it_hands_over_is_answered_and_told_at_the_end(manager, monkeypatch):
    """Also by ordinary kernels; one that hands on no descriptor runs as at home."""
    if manager is warm_kernels.WarmKernelManager:
        monkeypatch.setattr(warm_kernels.sys, "platform", "darwin")
    settings = {} if manager is None else {"kernel_manager_class": manager}
    if manager is AsyncKernelManager:
        ran = run_notebook(job(f"import os; print({VARIABLE!r} in os.environ)", settings=settings), Listening())
        assert text(outputs(ran)[0]) == "False\n" and ran.accounts == []
    else:
        ran = run_notebook(job(ASK, settings=settings), Listening())
        assert text(outputs(ran)[0]) == "({'heard': 1}, b'and more')\n"
        assert ran.accounts == [{"said": "hello"}]


def test_a_kernel_inherits_its_own_end_alone_and_none_is_kept_by_who_forks():
    """Two run at once; each one's sockets are counted against one that was started without any channel."""
    sockets = (
        "import os\nprint(sum('socket' in os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')"
        " if os.path.exists(f'/proc/self/fd/{n}') or os.path.islink(f'/proc/self/fd/{n}')))"
    )
    together = threading.Barrier(2)

    class Meeting(Listening):
        def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
            together.wait(60)
            return super().answer(message)

    with ThreadPoolExecutor(2) as pool:
        two = list(pool.map(lambda _: run_notebook(job(ASK, sockets), Meeting()), range(2)))
    alone = run_notebook(job(ASK, sockets), Listening())
    assert [text(outputs(ran)[1]) for ran in two] == [text(outputs(alone)[1])] * 2
    pid = warm_kernels.the_server().process.pid
    held = [str(one.readlink()) for one in Path(f"/proc/{pid}/fd").iterdir()]
    assert sum(one.startswith("socket") for one in held) == 1


def test_a_kernel_that_ends_itself_keeps_what_was_there_and_fails_what_was_not_run():
    """Cells below must not be without an output: nbgrader gives full points to those."""
    ran = run_notebook(job("print('before')", "import os\nprint('here')\nos._exit(3)", "1", "", "2"), Listening())
    before, ended, *after = outputs(ran)
    assert text(before) == "before\n"
    assert names(ended)[-1] == "KernelDied" and ended[-1]["evalue"] == scratch_execute.ENDED
    assert [names(each) for each in after] == [["NotRun"], [], ["NotRun"]]
    assert len(ran.notes) == 1 and scratch_execute.ENDED in ran.notes[0] and not ran.killed


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("print(1)\nexit()", scratch_execute.EXITED),
        ("# done\nquit()", scratch_execute.EXITED),
        ("import os; os._exit(0)", scratch_execute.ENDED),
    ],
)
def test_the_cell_that_ends_the_kernel_is_the_one_that_is_named(cell: str, told: str) -> None:
    """By `exit` a kernel ends after its reply, when the next cell may have begun."""
    ran = run_notebook(job("1", cell, "import time\ntime.sleep(1)", "2"), Listening())
    before, ended, *after = outputs(ran)
    assert names(before) == ["execute_result"] and ended[-1]["evalue"] == told and not ran.killed
    assert [names(each) for each in after] == [["NotRun"], ["NotRun"]]
    why = nothing(nbformat.reads(ran.notebook, as_version=4))
    begins = cell.splitlines()[0]
    assert why.startswith(
        f"Nothing could be handed over here: the kernel had stopped in the cell that begins with `{begins}`."
    )
    assert told in why and why.endswith("run all cells from top to bottom.")


def test_where_no_kernel_stopped_no_cell_is_blamed() -> None:
    ran = run_notebook(job("1 / 0", "2"), Listening())
    assert nothing(nbformat.reads(ran.notebook, as_version=4)) == nothing_handed_over()


@pytest.mark.parametrize(("name", "blamed"), [("NotRun", True), ("NoTime", False)])
def test_a_kernel_that_stopped_is_known_by_the_errors_name_whatever_language_told_it(name: str, blamed: bool) -> None:
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in ("exit()", "2")])
    for cell, error in zip(nb.cells, ("KernelDied", name), strict=True):
        cell.outputs = [nbformat.v4.new_output("error", ename=error, evalue="这个单元格没有运行。", traceback=[])]
    assert (nothing(nb) != nothing_handed_over()) == blamed


def test_a_kernel_that_a_signal_ended_is_told_apart():
    """It may have been killed by somebody else, or by a machine without memory; then it is worth a second run."""
    ran = run_notebook(job("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"), Listening())
    assert ran.killed and names(outputs(ran)[0]) == ["KernelDied"]


def test_a_cell_that_does_not_stop_is_killed_and_one_that_does_is_not():
    stubborn = (
        "while True:\n    try:\n        import time\n        while True: time.sleep(1)\n"
        "    except KeyboardInterrupt: pass"
    )
    settings = {"timeout": 1, "iopub_timeout": 1}
    ran = run_notebook(job("import time; time.sleep(600)", "1", settings=settings), Listening())
    stops, after = outputs(ran)
    assert names(stops)[-1] == "CellTimeoutError" and names(after) == ["execute_result"]
    sentence = scratch_execute.TIMED_OUT.format(seconds=1)
    assert stops[-1]["evalue"] == sentence and sentence in stops[-1]["traceback"][0] and sentence in ran.notes[0]
    ran = run_notebook(job(stubborn, "1", settings=settings), Listening())
    stuck, after = outputs(ran)
    assert names(stuck)[-1] == "CellTimeoutError" and stuck[-1]["evalue"] == scratch_execute.STUCK
    assert names(after) == ["NotRun"] and scratch_execute.STUCK in ran.notes[0]


def test_a_folder_that_is_deleted_and_a_process_that_is_left_behind_hurt_nobody():
    ran = run_notebook(
        job(
            "import os, shutil, subprocess\nleft = subprocess.Popen(['sleep', '613.25'], start_new_session=True)",
            "shutil.rmtree(os.getcwd())",
            "6 * 7",
        ),
        Listening(),
    )
    *_, result = outputs(ran)
    assert result[0]["data"]["text/plain"] == "42" and ran.files == {}
    assert not [each for each in psutil.process_iter() if "613.25" in _command(each)]


def test_a_flood_is_cut_and_its_result_is_kept(monkeypatch):
    monkeypatch.setattr(scratch_execute, "PRINTED", 10_000)
    flood, after = outputs(
        run_notebook(job("for _ in range(100): print('x' * 999, flush=True)\n0.5", "1"), Listening())
    )
    assert 5_000 < len(text(flood)) < 20_000 and "the rest is left out" in text(flood)
    assert flood[-1]["data"]["text/plain"] == "0.5" and names(after) == ["execute_result"]


def test_a_flood_that_clears_what_it_showed_is_bounded_and_costs_its_own_cell_only(monkeypatch):
    monkeypatch.setattr(scratch_execute, "PRINTED", 10_000)
    cell = "from IPython.display import HTML, clear_output, display\nfor _ in range(100):\n"
    cell += "    clear_output()\n    print('x' * 999, flush=True)\n    display(HTML('y' * 999))\n0.5"
    before, flood, after = outputs(run_notebook(job("1", cell, "2"), Listening()))
    assert len(str(flood)) < 20_000 and flood[-1]["data"]["text/plain"] == "0.5"
    assert names(before) == names(after) == ["execute_result"]


def test_a_result_larger_than_any_score_is_an_error(monkeypatch):
    """Left out, it would give full points: nbgrader gives them to a cell without a result."""
    monkeypatch.setattr(scratch_execute, "PRINTED", 1000)
    result, after = outputs(run_notebook(job("'x' * 2000", "1"), Listening()))
    assert [each["ename"] for each in result] == ["TooLong"]
    assert after[0]["data"]["text/plain"] == "1"


def test_questions_get_none_and_errors_stay_in_their_cell():
    asked, raised, after = outputs(run_notebook(job("input('?')", "1 / 0", "1"), Listening()))
    assert names(asked) == ["StdinNotImplementedError"]
    assert names(raised) == ["ZeroDivisionError"] and names(after) == ["execute_result"]
    assert asked[0]["evalue"].endswith(limits_told.ASKED) and limits_told.ASKED in asked[0]["traceback"]
    assert raised[0]["evalue"] == "division by zero"


@pytest.mark.skipif(sys.platform != "linux", reason="The box is made of what Linux has.")
@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("held = [open('/dev/null') for _ in range(1000)]", "A process of a notebook may have 512 files open at once"),
        ("with open('large', 'wb') as file:\n    file.truncate(2**30)", "A file may grow to 256 MB"),
        (
            "for name in 'ab':\n    with open(f'/tmp/{name}', 'wb') as file:\n        file.write(bytes(200 * 2**20))",
            "There was no room left",
        ),
        ("open('/etc/own', 'w')", "While notebooks are graded there is no network, and no file but"),
        (
            "import urllib.request\nurllib.request.urlopen('http://example.org')",
            "While notebooks are graded there is no network, and no file but",
        ),
        (
            "import socket\nsocket.create_connection(('192.0.2.1', 80))",
            "While notebooks are graded there is no network, and no file but",
        ),
    ],
)
def test_who_meets_a_limit_of_the_box_reads_which_and_what_to_do(cell: str, told: str) -> None:
    (raised,) = outputs(run_notebook(job(cell), Listening()))
    assert names(raised)[-1] in ("OSError", "URLError") and f". {told}" in raised[-1]["evalue"]


def test_who_starts_too_many_threads_reads_how_many_there_may_be() -> None:
    told = limits_told.what_to_do("RuntimeError", "can't start new thread", notebook_run.BOX)
    assert told == limits_told.THREADS.format(threads=1024, processes=128)
    assert limits_told.what_to_do("RuntimeError", "some other [Errno 2]", notebook_run.BOX) is None


@pytest.mark.parametrize("sent", ["b'no message at all'", "b'\\xff' * 8", "b''"])
def test_what_is_no_message_ends_the_channel_and_nothing_else(sent):
    cell = (
        f"import os, socket\nend = socket.socket(fileno=int(os.environ[{VARIABLE!r}]))\nend.sendall({sent})\n"
        "end.shutdown(socket.SHUT_WR)\n"
        "try:\n    print(end.recv(100))\nexcept ConnectionResetError:\n    print(b'')"
    )
    ran = run_notebook(job(cell, "1"), Listening())
    said, after = outputs(ran)
    assert text(said) == "b''\n" and names(after) == ["execute_result"] and ran.accounts == []


def test_a_kernel_that_dies_while_its_answer_is_awaited_does_not_hang_its_driver(monkeypatch):
    monkeypatch.setattr(notebook_run, "PATIENCE", 0.1)
    never, asked = threading.Event(), threading.Event()

    class Slow(Listening):
        def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
            asked.set()
            never.wait()
            return super().answer(message)

    leave = "import os, threading\nthreading.Timer(0.5, os._exit, [1]).start()"
    ran = run_notebook(job(leave, ASK), Slow())
    never.set()
    assert asked.is_set() and names(outputs(ran)[1]) == ["KernelDied"]


def test_what_the_trusted_side_raises_is_raised_and_no_kernel_waits_for_it():
    class Broken(Listening):
        def answer(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
            raise LookupError("of its own")

    with pytest.raises(LookupError, match="of its own"):
        run_notebook(job(ASK), Broken())


def test_a_kernel_that_is_not_there_is_told_in_a_sentence():
    with_error = job("1", settings={"allow_errors": False})
    assert run_notebook(with_error, Listening()).failure is None
    raising = run_notebook(job("1 / 0", settings={"allow_errors": False}), Listening())
    assert raising.failure == "A cell raised ZeroDivisionError, and errors are not allowed."
    nowhere = run_notebook(job("1"), Listening(), scratch="/nowhere at all")
    assert nowhere.failure == "Its scratch folder cannot be written (No such file or directory)."
    missing = run_notebook(job("1", settings={"kernel_name": "fortran77"}), Listening())
    assert missing.failure == "There is no kernel named fortran77 where it was to be run."


def test_a_kernel_computes_on_one_thread_unless_it_is_told_otherwise():
    """Several run at once; and sums are taken in one order, however many cores a machine has."""
    libraries = "import numpy\nfrom threadpoolctl import threadpool_info\n"
    libraries += "print({library['num_threads'] for library in threadpool_info()})"
    tensorflow = "import os\nprint(os.environ['TF_NUM_INTRAOP_THREADS'], os.environ['TF_NUM_INTEROP_THREADS'])"
    for env, seen in (({}, "1 1\n"), ({"TF_NUM_INTRAOP_THREADS": "2"}, "2 1\n")):
        (blas,), (told,) = outputs(run_notebook(job(libraries, tensorflow, env=env), Listening()))
        assert blas["text"] == "{1}\n" and told["text"] == seen


def test_jobs_are_told_apart_by_what_decides_their_runs_and_by_whose_they_are():
    one = job("1", files={"a": b"1"}, settings={"timeout": 1})
    assert one.digest == pickle.loads(pickle.dumps(one)).digest
    others = [
        job("2", files={"a": b"1"}, settings={"timeout": 1}),
        job("1", files={"a": b"2"}, settings={"timeout": 1}),
        job("1", files={"a": b"1"}, settings={"timeout": 2}),
        job("1", files={"a": b"1"}, settings={"timeout": 1}, env={"A": "1"}),
        dataclasses.replace(one, assignment="unit_zh"),
    ]
    assert len({one.code_digest, *(other.code_digest for other in others)}) == 6
    told = json.loads(one.content)
    told["cells"].insert(0, nbformat.v4.new_markdown_cell("Words of one's own."))
    told["cells"][1]["metadata"]["collapsed"] = True
    classmate = dataclasses.replace(one, student="ben", content=json.dumps(told))
    assert classmate.code_digest == one.code_digest and classmate.digest != one.digest
    for name, value in (("metadata", {"tags": ["raises-exception"]}), ("outputs", [{"saved": "before"}])):
        other = json.loads(one.content)
        other["cells"][0][name] = value
        assert dataclasses.replace(one, content=json.dumps(other)).code_digest != one.code_digest


def test_its_notebook_stands_beside_it_as_code_alone():
    """What a run can see is what its digest is of: it may be a classmate's run as well."""
    asked = job("import nbformat\nprint(nbformat.read('one.ipynb', as_version=4).cells)")
    told = json.loads(asked.content)
    told["cells"].append(nbformat.v4.new_markdown_cell("Words of one's own."))
    ran = run_notebook(dataclasses.replace(asked, content=json.dumps(told)), Listening())
    printed = text(outputs(ran)[0])
    assert "nbformat.read" in printed and "Words" not in printed
    assert json.loads(ran.notebook)["cells"][-1]["source"] == "Words of one's own."


def test_figures_are_told_in_words_where_nobody_looks_at_them():
    draw = "figures.show_curves(LearningCurves([[2.0, 1.0]], [[2.0, 1.5]]))"
    imports = "from dropnorm import figures\nfrom dropnorm.curves import LearningCurves"
    (_, (shown,)) = outputs(run_notebook(job(imports, draw), Listening()))
    assert list(shown["data"]) == ["text/plain"] and "Learning curves over 2 epochs" in shown["data"]["text/plain"]


COUNTED = """
import keras
from grader import tracing
looks, observe = [], tracing.observe

def counting(*given):
    looks.append(given)
    return observe(*given)

tracing.observe = counting
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dropout(0.3), keras.layers.Dense(1)])
"""


STRUCTURE, CURVE = (f'from grader.cells import grade\n\ngrade("spotify_{each}")' for each in ("structure", "curve"))
ADDED = "model.add(keras.layers.Dropout(0.2))"


@pytest.mark.parametrize(
    "cells, looks",
    [
        ((STRUCTURE, CURVE), 1),
        ((STRUCTURE, ADDED, CURVE), 2),
        ((STRUCTURE, f"{ADDED}\n{CURVE}"), 2),
        ((f"{STRUCTURE}\n{ADDED}", CURVE), 2),
    ],
    ids=["one below the other", "a cell between", "code above", "code below"],
)
def test_only_a_test_cell_right_below_another_does_not_look_at_the_same_model_anew(cells, looks):
    ran = run_notebook(job(COUNTED, *cells, "print(len(looks))"), Listening())
    assert text(outputs(ran)[-1]) == f"{looks}\n"
    first, second = (each["account"]["facts"]["observed"] for each in ran.accounts)
    assert (first == second) == (looks == 1)


def test_a_scratch_folder_of_a_long_name_is_no_hindrance(tmp_path):
    long = tmp_path / ("x" * 100)
    long.mkdir()
    ran = run_notebook(job("6 * 7"), Listening(), str(long))
    assert outputs(ran)[0][-1]["data"]["text/plain"] == "42"
