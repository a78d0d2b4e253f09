"""The environment is made once, mended where it is broken, and what goes wrong is said in one sentence."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from launcher import commands, doctor, installation, progress, server
from launcher.layout import CourseError, Layout

BACKEND = """
import zipfile
def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(f"{wheel_directory}/{name}", "w") as wheel:
        wheel.writestr("tiny.pth", "")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1.0\\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nTag: py3-none-any\\nRoot-Is-Purelib: true\\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")
    return name
build_wheel = build_editable
"""


def wheel(folder: Path, name: str) -> None:
    """A package of one module that says its name."""
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", f"NAME = {name!r}\n")
        file.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        file.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\nRoot-Is-Purelib: true\n")
        file.writestr(f"{name}-1.0.dist-info/RECORD", "")


@pytest.fixture
def small(tmp_path, monkeypatch) -> Layout:
    """A course that needs one package, and one more for its tests, from a folder that stands for the index."""
    layout = Layout(tmp_path / "a course")
    layout.root.mkdir()
    (layout.root / "requirements.lock").write_text("first==1.0\nneedless==1.0 ; python_version < '3'\n")
    (layout.root / "requirements-test.lock").write_text("first==1.0\nsecond==1.0\n")
    build = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    (layout.root / "pyproject.toml").write_text(build + '[project]\nname = "tiny"\nversion = "1.0"\n')
    (layout.root / "backend.py").write_text(BACKEND)
    index = tmp_path / "index"
    wheel(index, "first")
    wheel(index, "second")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", index.as_uri())
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return layout


def can_import(layout: Layout, name: str) -> bool:
    return subprocess.run([layout.python, "-c", f"import {name}"], capture_output=True).returncode == 0


def pip_is_gone(layout: Layout) -> None:
    """From here on an installation would fail."""
    for found in layout.venv.rglob("site-packages/pip/__main__.py"):
        found.unlink()


def test_installs_once_and_leaves_what_is_as_the_lock_says(small, capsys):
    installation.ensure(small)
    assert can_import(small, "first")
    assert not can_import(small, "second")
    assert "fetching 1 of 1 packages" in capsys.readouterr().out
    installation.ensure(small, "test")
    assert can_import(small, "second")
    capsys.readouterr()
    pip_is_gone(small)
    installation.ensure(small)
    installation.ensure(small, "test")
    assert capsys.readouterr().out == ""


@pytest.mark.full
def test_a_learner_needs_nothing_after_the_tests(small):
    installation.ensure(small, "test")
    assert can_import(small, "second")
    pip_is_gone(small)
    installation.ensure(small)


@pytest.mark.full
def test_a_new_lock_is_installed_into_the_environment_that_is_there(small):
    installation.ensure(small)
    (small.venv / "mark").touch()
    (small.root / "requirements.lock").write_text("first==1.0\nsecond==1.0\n")
    installation.ensure(small)
    assert can_import(small, "second")
    assert (small.venv / "mark").exists()


def interrupted(layout: Layout) -> None:
    """Stop, as by Ctrl-C, while one more package is being unpacked."""

    def stop(packages: Path) -> int:
        raise KeyboardInterrupt

    lock = layout.root / "requirements.lock"
    before = lock.read_text()
    lock.write_text("first==1.0\nsecond==1.0\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installation, "_count", stop)
        with pytest.raises(KeyboardInterrupt):
            installation.ensure(layout)
    lock.write_text(before)


def broken(layout: Layout) -> None:
    layout.python.unlink()
    layout.python.symlink_to("/nowhere/python3")


def of_another_version(layout: Layout) -> None:
    layout.python.unlink()  # it is a link to the Python that runs this
    layout.python.write_text("#!/bin/sh\necho 10\n")
    layout.python.chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="links and scripts stand for Pythons: not tried on Windows")
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (interrupted, "was not finished"),
        pytest.param(broken, "does not work", marks=pytest.mark.long),
        pytest.param(of_another_version, "does not work", marks=pytest.mark.long),
    ],
)
def test_a_broken_environment_is_made_again(small, harm, said, capsys):
    installation.ensure(small)
    (small.venv / "mark").touch()
    harm(small)
    installation.ensure(small)
    assert said in capsys.readouterr().out
    assert can_import(small, "first")
    assert not (small.venv / "mark").exists()


@pytest.mark.full
def test_a_moved_course_is_installed_again(small, capsys):
    installation.ensure(small)
    moved = Layout(small.root.with_name("elsewhere"))
    small.root.rename(moved.root)
    installation.ensure(moved)
    assert "has moved" in capsys.readouterr().out
    assert "elsewhere" in (moved.scripts / "pip").read_text(errors="replace") or os.name == "nt"


def test_a_silent_index_is_one_sentence_and_harms_nothing(small, monkeypatch, capsys):
    installation.ensure(small)
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", f"http://localhost:{server.free_port()}/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    (small.root / "tests").mkdir()
    capsys.readouterr()
    assert commands.main(["test"], small) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "No package index answered" in said
    pip_is_gone(small)
    installation.ensure(small)  # what a learner needs is still there, and known to be


def test_too_little_disk_is_said_before_it_is_filled(small, monkeypatch):
    monkeypatch.setattr(installation, "SPACE_NEEDED", 1e18)
    with pytest.raises(CourseError, match="needs 1000000000 GB of disk"):
        installation.ensure(small)
    assert not small.venv.exists()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: Could not install packages due to an OSError: [Errno 30] Read-only file system: '/x'", "written to"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", "written to"),
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'ProxyError'\nERROR: No matching",
            "No package",
        ),
        (
            "ERROR: (from versions: none)\nERROR: No matching distribution found for tensorflow==2.21.0",
            "no tensorflow==2.21",
        ),
        ("ERROR: something new\nERROR: of pip's", "something new / ERROR: of pip's"),
    ],
)
def test_what_pip_stumbled_over_is_told(said, sentence, tmp_path):
    assert sentence in str(installation.explained(said, Layout(tmp_path)))


def test_pips_own_lines_are_read_as_progress():
    log = progress.PipLog(total=4)
    seen = []
    for line in (
        "Looking in indexes: https://example.org/simple",
        "Ignoring appnope: markers 'sys_platform == \"darwin\"' don't match your environment",
        "Collecting absl-py==2.5.1 (from -r requirements.lock (line 3))",
        "  Downloading absl_py-2.5.1-py3-none-any.whl (137 kB)",
        "Requirement already satisfied: six==1.17.0 in ./.venv/lib (from -r requirements.lock (line 9))",
        "Processing /mirror/arrow-1.4.0-py3-none-any.whl (from -r requirements.lock (line 19))",
        "Downloading tensorflow-2.21.0-cp313-cp313-manylinux_2_27_x86_64.whl (620.1 MB)",
        "Progress 310000000 of 620000000",
        "Installing collected packages: absl-py, arrow, tensorflow",
    ):
        log.feed(line + "\n")
        seen.append((log.phase, log.done, log.total, log.package))
    assert seen[1:] == [
        ("fetching", 0, 3, ""),
        ("fetching", 1, 3, "absl-py"),
        ("fetching", 1, 3, "absl_py, 137 kB"),
        ("fetching", 2, 3, "six"),
        ("fetching", 3, 3, "arrow"),
        ("fetching", 3, 3, "tensorflow, 620.1 MB"),
        ("fetching", 3, 3, "tensorflow, 310 of 620 MB"),
        ("installing", 0, 3, ""),
    ]


def test_the_doctor_asks_the_index_that_pip_is_set_to(small, monkeypatch):
    monkeypatch.setattr(doctor, "_SMALL", "first")
    assert doctor.package_index(small).fine
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert "No package index answers" in str(doctor.package_index(small))
