"""Files beside a notebook that are named as the course's modules are: an honest one is judged as without them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from grader.autograde import warm_kernels
from grader.autograde.notebook_run import Ran, run_notebook
from grader.autograde.reception import Reception
from grader.exercises import EXERCISES
from tests.test_notebook_run import job, outputs

from . import shadow
from .attacking import files_of, train
from .case import GRADE
from .grounds import Grounds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Kernels are forked on Linux only.")
MODEL = f"import keras\n{EXERCISES['spotify_model'].model_name} = keras.Sequential([keras.layers.Dense(1)])"
ELSEWHERE = "import site\nprint(keras.__file__.startswith(tuple(site.getsitepackages())))"


@pytest.fixture(autouse=True)
def server() -> Iterator[None]:
    yield
    warm_kernels.the_server().close()


def test_an_honest_notebook_is_judged_as_without_them(tmp_path: Path) -> None:
    grounds = Grounds(tmp_path, "0" * 32, {"root": str(tmp_path)})
    beside = {name: content for case in shadow.CASES for name, content in files_of(case, grounds).items()}

    def ran(**files: bytes) -> Ran:
        return run_notebook(job(MODEL, GRADE, ELSEWHERE, files=files), Reception(partial(train, [])))

    without, among = ran(), ran(**beside)
    assert without.accounts and among.accounts == without.accounts
    assert outputs(among) == outputs(without) and "True" in among.notebook and among.files == {}
