"""The cache of runs, and the pool that fills it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dropnorm.places import ROOT
from dropnorm.split import Split
from dropnorm.sweep import Dense, Dropout, Plan, Relu, background, cache, run
from dropnorm.sweep.background import Background, Wish

PLAN = Plan((Dense(8), Relu(), Dropout(0.5), Dense(1)), epochs=3, batch_size=16)
PATIENCE = 60  # seconds until a test gives up


@pytest.fixture
def data() -> Split:
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(100, 4)).astype(np.float32), generator.normal(size=100).astype(np.float32)
    return Split(X[:70], y[:70], X[70:], y[70:])


def test_what_was_kept_is_read_back_bit_for_bit(tmp_path, data):
    curves, name = run(PLAN, data), cache.digest(data)
    cache.store(PLAN, name, curves, tmp_path)
    kept = cache.load(PLAN, name, tmp_path)
    for series in ("loss", "val_loss", "loss_at_inference"):
        assert getattr(kept, series).tobytes() == getattr(curves, series).tobytes()
    assert kept.seeds == (PLAN.seed,)


def test_a_notebook_that_has_imported_more_looks_for_the_same_names(data):
    """SciPy brings a BLAS of its own; the processes that sweep do not import it."""
    asked = "from dropnorm.sweep import cache; {more}; print(cache.kernels())"
    told = [
        subprocess.run(
            [sys.executable, "-c", asked.format(more=more)], capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout
        for more in ("pass", "import scipy.linalg, sklearn.cluster")
    ]
    assert told[0] == told[1]


def test_another_question_finds_nothing(tmp_path, data):
    name = cache.digest(data)
    cache.store(PLAN, name, run(PLAN, data), tmp_path)
    other = Split(data.X_train + np.float32(1e-6), data.y_train, data.X_valid, data.y_valid)
    assert cache.load(PLAN, cache.digest(other), tmp_path) is None
    for changed in (replace(PLAN, seed=1), replace(PLAN, epochs=4), replace(PLAN, optimizer="sgd")):
        assert cache.load(changed, name, tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b'{"seeds": [0], "series": {"loss": [[1]]}}', b"\xff\xfe"])
def test_a_damaged_entry_counts_as_none_and_is_written_over(tmp_path, data, content):
    name = cache.digest(data)
    (tmp_path / cache.name(PLAN, name)).write_bytes(content)
    assert cache.load(PLAN, name, tmp_path) is None
    background.computed(PLAN, data, name, tmp_path)
    assert cache.load(PLAN, name, tmp_path) is not None


def test_the_folder_is_bounded_and_the_newest_stay(tmp_path, data):
    name, curves = cache.digest(data), run(PLAN, data)
    size = 0
    for seed in range(8):
        cache.store(replace(PLAN, seed=seed), name, replace(curves, seeds=(seed,)), tmp_path, limit=4 * size or 10**9)
        path = tmp_path / cache.name(replace(PLAN, seed=seed), name)
        size = path.stat().st_size
        os.utime(path, ns=(seed, seed))
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 4 * size + 8
    assert cache.load(replace(PLAN, seed=7), name, tmp_path) is not None
    assert cache.load(replace(PLAN, seed=0), name, tmp_path) is None


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_keeping(tmp_path, data):
    (tmp_path / "file").write_text("where a folder should be")
    curves = background.computed(PLAN, data, cache.digest(data), tmp_path / "file" / "sweeps")
    assert curves.epochs == PLAN.epochs


@pytest.fixture
def pool(tmp_path):
    background = Background(processes=2, folder=tmp_path / "sweeps")
    yield background
    background.close()


class Listener:
    """Takes what a pool calls back, and lets a test wait for it."""

    def __init__(self, count: int) -> None:
        self.count, self.got, self.failures, self.enough = count, {}, [], threading.Event()

    def came(self, plan, curves) -> None:
        self.got[plan] = curves
        if len(self.got) >= self.count:
            self.enough.set()

    def failed(self, sentence) -> None:
        self.failures.append(sentence)
        self.enough.set()

    def wait(self) -> None:
        assert self.enough.wait(PATIENCE), f"{len(self.got)} of {self.count} runs came"


def test_the_pool_gives_what_a_run_here_gives_and_keeps_it(pool, data, tmp_path):
    plans = [replace(PLAN, seed=seed) for seed in range(4)]
    first = Listener(4)
    pool.want("lab", Wish(plans, data, first.came, first.failed))
    first.wait()
    assert first.failures == []
    assert first.got[plans[2]].val_loss.tobytes() == run(plans[2], data).val_loss.tobytes()
    again = Listener(4)
    pool.want("lab", Wish(plans, data, again.came, again.failed))
    assert set(again.got) == set(plans)  # from the cache, before `want` returns


def test_a_later_wish_goes_first_and_drops_what_its_owner_wanted_before(pool, data):
    slow = [replace(PLAN, seed=seed, epochs=400) for seed in range(40)]
    early, late = Listener(40), Listener(2)
    pool.want("lab", Wish(slow, data, early.came, early.failed))
    pool.want("lab", Wish([PLAN, replace(PLAN, seed=9)], data, late.came, late.failed))
    late.wait()
    assert len(early.got) < 10  # what ran, not what waited


def test_runs_of_processes_that_were_killed_are_computed_again(pool, data):
    plans = [replace(PLAN, seed=seed, epochs=400) for seed in range(8)]
    listener = Listener(len(plans))
    pool.want("lab", Wish(plans, data, listener.came, listener.failed))
    for child in multiprocessing.active_children():
        os.kill(child.pid, signal.SIGKILL)
    listener.wait()
    assert listener.failures == []
    assert listener.got[plans[0]].val_loss.tobytes() == run(plans[0], data).val_loss.tobytes()


def ends_its_process(*_):
    os._exit(1)


def fails_without_a_word(*_):
    raise ValueError


def test_processes_that_end_again_and_again_are_said_once_to_everybody_and_started_when_asked(pool, data, monkeypatch):
    lab, other = Listener(1), Listener(1)
    with monkeypatch.context() as patch:
        patch.setattr(background, "computed", ends_its_process)
        pool.want("other", Wish([replace(PLAN, seed=seed) for seed in range(20)], data, other.came, other.failed))
        pool.want("lab", Wish([PLAN, replace(PLAN, seed=1)], data, lab.came, lab.failed))
        for listener in (lab, other):
            listener.wait()
            (told,) = listener.failures
            assert "ended 3 times" in told and told.endswith("move a control, and they are started again.")
    again = Listener(1)
    pool.want("lab", Wish([PLAN], data, again.came, again.failed))
    again.wait()
    assert again.failures == []
    assert (len(lab.failures), len(other.failures)) == (1, 1)


def test_a_run_that_fails_without_a_word_is_named_by_its_error(pool, data, monkeypatch):
    monkeypatch.setattr(background, "computed", fails_without_a_word)
    listener = Listener(1)
    pool.want("lab", Wish([PLAN], data, listener.came, listener.failed))
    listener.wait()
    assert listener.failures == ["A run in the background failed: ValueError."]


KERNEL = """
import multiprocessing, os, signal, sys, threading
import numpy as np
from pathlib import Path
from dropnorm.split import Split
from dropnorm.sweep import Dense, Plan
from dropnorm.sweep.background import Background, Wish

if __name__ == '__main__':
    X, y = np.zeros((64, 4), np.float32), np.zeros(64, np.float32)
    data, pool = Split(X, y, X, y), Background(2, Path(sys.argv[1]))
"""


def kernel_script(folder: Path, does: str) -> Path:
    """A script that does something with a pool of two processes, as a kernel would."""
    script = folder / "kernel.py"
    script.write_text(KERNEL + textwrap.indent(textwrap.dedent(does), "    "))
    return script


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="only POSIX sends a kernel's interrupt to its processes too")
def test_an_interrupt_of_the_kernel_ends_no_run(tmp_path):
    """JupyterLab sends it to the whole group: here while the processes start, while they import and while they run."""
    script = kernel_script(
        tmp_path,
        """
        signal.signal(signal.SIGINT, lambda *_: None)
        came, failures = threading.Semaphore(0), []
        def failed(sentence):
            failures.append(sentence)
            came.release()
        plans = [Plan((Dense(64), Dense(1)), epochs=300, seed=seed) for seed in range(8)]
        wish = Wish(plans, data, lambda *_: came.release(), failed)
        threading.Thread(target=pool.want, args=('lab', wish)).start()
        for _ in plans:
            while not came.acquire(timeout=0.05):
                os.killpg(0, signal.SIGINT)
        print(failures)
        pool.close()
        """,
    )
    kernel = subprocess.run(
        [sys.executable, str(script), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert (kernel.stdout, kernel.stderr) == ("[]\n", "")


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="only Linux lets one wait for a process of others")
def test_no_process_outlives_a_kernel_that_was_killed(tmp_path):
    script = kernel_script(
        tmp_path,
        """
        plans = [Plan((Dense(1),), epochs=10**8, seed=seed) for seed in range(2)]
        pool.want('lab', Wish(plans, data, lambda *_: None, print))
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        sys.stdin.read()
        """,
    )
    kernel = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    children = [int(pid) for pid in kernel.stdout.readline().split()]
    assert len(children) == 2
    kernel.kill()
    kernel.wait(PATIENCE)
    for pid in children:
        _wait_for_the_end_of(pid)


def _wait_for_the_end_of(pid: int) -> None:
    """Return when the process is gone; fail after a minute. It is no child of ours, so there is nothing to wait on."""
    handle = os.pidfd_open(pid) if _exists(pid) else None
    if handle is not None:
        import select

        assert select.select([handle], [], [], PATIENCE)[0], f"process {pid} is still there"


def _exists(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()
