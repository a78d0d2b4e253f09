"""What a run leaves, and what its kernel sends, that is made to hurt whoever reads it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from test_notebook_run import Listening, job, names, outputs, text

from grader.autograde import warm_kernels
from grader.autograde.box.layers import Box, Limits
from grader.autograde.brought_back import remove, written
from grader.autograde.notebook_run import Ran, run_notebook

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="BOXES ARE OF LINUX ONLY")
SWAPPED = "import os\nd = os.getcwd()\nos.chdir('/')\nos.rename(d, d + 'x')\nos.symlink({!r}, d)"
DEEP = "import os\nfor _ in range(1100):\n    os.mkdir('d')\n    os.chdir('d')"
KERNEL = "K = get_ipython().kernel\n"
COUNT = KERNEL + (
    "K.session.send(K.iopub_socket, 'execute_input', {'code': '', 'execution_count': -5}, parent=K.get_parent())"
)
SENT = b'{"name": "stdout", "text": "half \\ud800"}'
HALF = KERNEL + f"K.session.send(K.iopub_socket, 'stream', {SENT!r}, parent=K.get_parent())"
FOLDER = "import os\nos.remove('one.ipynb')\nos.mkdir('one.ipynb')\nopen('one.ipynb/x', 'w').write('x')\n6 * 7"
WIDGETS = """
import comm
state = 0
for _ in range(400):
    state = [state]
told = {'state': {'v': state, '_model_name': 'M', '_model_module': 'm', '_model_module_version': '2'}}
comm.create_comm('jupyter.widget', data=told, metadata={'version': '2.1.0'})
6 * 7
"""
WAIT = "\nimport time\ntime.sleep(30)"
UNLISTED = "import os\nos.mkdir('d', 0o300)\nfor name in 'abc': open(f'd/{name}', 'wb').write(bytes(4 << 20))" + WAIT
MAPPED = """
import ctypes, os
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
for name in 'abc':
    with open(name, 'w+b') as file:
        file.write(bytes(4 << 20))
        file.flush()
        libc.mmap(None, ctypes.c_size_t(4 << 20), 3, 1, file.fileno(), ctypes.c_long(0))
    os.unlink(name)
"""
UNSEEN = """
import ctypes
ctypes.CDLL(None).syscall(157, ctypes.c_long((1 << 32) | 4), 0)
print(open('/proc/self/status').read().count('VmPTE'), oct(__import__('os').stat('/proc/self/fd').st_uid))
"""
BUFFERS = """
import socket
a, b = socket.socketpair()
try:
    a.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**22)
except PermissionError:
    print("barred")
"""


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    yield
    warm_kernels.the_server().close()


def ran(tmp_path: Path, *cells: str, box: Box | None = None) -> Ran:
    """A run that leaves nothing behind."""
    done = run_notebook(job(*cells), Listening(), str(tmp_path), box=box or Box())
    assert list(tmp_path.glob("grading-*")) == [] and done.failure is None
    nbformat.validate(nbformat.reads(done.notebook, as_version=4))
    done.notebook.encode()
    return done


def test_a_link_in_place_of_its_folder_brings_nothing_back(tmp_path: Path) -> None:
    secret = tmp_path / "course"
    secret.mkdir()
    (secret / "gradebook.db").write_text("of all")
    assert ran(tmp_path, SWAPPED.format(str(secret))).files == {}


def test_no_part_of_the_way_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "secret" / "notebook").mkdir(parents=True)
    (tmp_path / "secret" / "notebook" / "own").write_text("secret")
    (tmp_path / "work").symlink_to(tmp_path / "secret")
    assert written(tmp_path, ("work", "notebook"), {}) == ({}, None)
    assert written(tmp_path, ("secret", "notebook"), {}) == ({"own": b"secret"}, None)


def test_folders_a_thousand_deep_are_left_out_and_removed(tmp_path: Path) -> None:
    done = ran(tmp_path, DEEP, "6 * 7")
    assert done.files == {} and "more than 32 levels" in done.notes[0]


def test_whatever_its_permissions_are_a_folder_is_removed(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_text("c")
    (tmp_path / "a" / "b").chmod(0)
    remove(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_what_no_kernel_counts_and_what_no_encoding_holds_is_put_right(tmp_path: Path) -> None:
    done = ran(tmp_path, COUNT, HALF)
    assert json.loads(done.notebook)["cells"][0]["execution_count"] in (None, 1)
    assert text(outputs(done)[1]).startswith("half ")


def test_a_folder_named_as_a_notebook_is_not_brought_back(tmp_path: Path) -> None:
    done = ran(tmp_path, FOLDER)
    assert done.files == {} and outputs(done)[0][-1]["data"]["text/plain"] == "42"


def test_what_widgets_keep_is_not_kept(tmp_path: Path) -> None:
    done = ran(tmp_path, WIDGETS)
    assert outputs(done)[0][-1]["data"]["text/plain"] == "42"
    assert "widgets" not in json.loads(done.notebook)["metadata"]


@pytest.mark.parametrize(
    "cell", [UNLISTED, MAPPED + WAIT, UNSEEN + MAPPED + WAIT], ids=["unlisted", "mapped", "unseen"]
)
def test_files_that_are_hidden_count(tmp_path: Path, cell: str) -> None:
    done = ran(tmp_path, cell, box=Box(limits=Limits(disk=8 << 20)))
    assert names(outputs(done)[0])[-1] == "KernelDied" and "8 MB" in outputs(done)[0][-1]["evalue"]


def test_what_waits_in_sockets_stays_small(tmp_path: Path) -> None:
    assert text(outputs(ran(tmp_path, BUFFERS))[0]) == "barred\n"
