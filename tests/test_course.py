"""The two commands, the learner's copy and what is said when something is missing."""

from __future__ import annotations

import ast
import errno
import json
import os
import random
import runpy
import shutil
import socket
import subprocess
import sys
import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dropnorm.places import ROOT
from launcher import bundle, commands, doctor, installation, progress, server, working_copy
from launcher.layout import CourseError, Layout

NOW = datetime(2026, 11, 21, 15, 30, 12)
posix = pytest.mark.skipif(os.name == "nt", reason="shell scripts stand for Pythons here: not tried on Windows")


# ---- any Python reads course.py, a right one runs it


def test_an_old_python_can_read_course_py():
    tree = ast.parse((ROOT / "course.py").read_text(encoding="utf-8"), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, newer)] == []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions
    assert all(f.returns is None and all(a.annotation is None for a in f.args.args) for f in functions)


def test_the_launcher_needs_nothing_but_the_standard_library():
    for path in [ROOT / "course.py", *(ROOT / "launcher").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.split(".")[0]
                assert top == "launcher" or top in sys.stdlib_module_names, f"{path.name} imports {name}"


@pytest.fixture
def old_python(tmp_path):
    """Run course.py in `tmp_path` as Python 3.8 would, with only `path` on PATH: (exit status, stdout, stderr)."""
    shutil.copy(ROOT / "course.py", tmp_path)
    pretend = "import runpy, sys; sys.version_info = (3, 8, 18, 'final', 0); sys.argv = sys.argv[1:]; "
    pretend += "runpy.run_path(sys.argv[0], run_name='__main__')"

    def run(path: Path, *arguments: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [sys.executable, "-c", pretend, str(tmp_path / "course.py"), *arguments],
            env=os.environ | {"PATH": str(path)},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # never through a link into the Python that runs this
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_python_too_old_is_one_sentence(tmp_path, old_python):
    status, out, err = old_python(tmp_path / "empty", "lab")
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert "needs Python 3.11, 3.12 or 3.13; this is Python 3.8" in err


@posix
def test_python_too_old_hands_over_to_a_newer_one(tmp_path, old_python):
    said = 'if [ "$1" = -c ]; then echo {version}; else echo "{version} runs $@"; fi'
    script(tmp_path / "bin" / "python3.13", "echo 'pyenv: no such version' >&2; exit 127")  # a shim that leads nowhere
    script(tmp_path / "bin" / "python3.12", said.format(version="3.12"))
    script(tmp_path / "bin" / "python3.11", said.format(version="3.11"))
    status, out, _ = old_python(tmp_path / "bin", "lab", "--port", "8899")
    assert (status, out) == (0, f"3.12 runs {tmp_path / 'course.py'} lab --port 8899\n")


def test_supported_versions_are_those_of_the_project():
    import tomllib

    said = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    course = runpy.run_path(str(ROOT / "course.py"))
    first, last = course["SUPPORTED"][0], course["SUPPORTED"][-1]
    assert said == f">={first[0]}.{first[1]},<{last[0]}.{last[1] + 1}"
    assert [minor for _, minor in course["SUPPORTED"]] == list(installation.SUPPORTED_MINORS)


# ---- the learner's copy


@pytest.fixture
def course(tmp_path) -> Layout:
    """A course of one lesson and two exercises, not yet handed out."""
    layout = Layout(tmp_path / "course")
    for name in ("notebooks/01_lesson.ipynb", "exercises/unit/1_spotify.ipynb", "exercises/unit/2_concrete.ipynb"):
        (layout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / name).write_text(f"first {name}")
    (layout.root / "notebooks" / ".ipynb_checkpoints").mkdir()
    (layout.root / "notebooks" / ".ipynb_checkpoints" / "01_lesson-checkpoint.ipynb").write_text("left by JupyterLab")
    return layout


def tree(folder: Path) -> dict[str, str]:
    """Every file but the manifest: path in `folder` → text."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != working_copy.MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_first_start_lays_out_everything(course):
    assert working_copy.bring_up_to_date(course, NOW) == []
    names = ("notebooks/01_lesson.ipynb", "exercises/unit/1_spotify.ipynb", "exercises/unit/2_concrete.ipynb")
    assert tree(course.my_course) == {name: f"first {name}" for name in names}


def test_what_the_learner_left_alone_is_brought_up_to_date(course):
    working_copy.bring_up_to_date(course, NOW)
    (course.root / "exercises/unit/1_spotify.ipynb").write_text("second")
    assert working_copy.bring_up_to_date(course, NOW) == ["Updated: my-course/exercises/unit/1_spotify.ipynb"]
    assert (course.my_course / "exercises/unit/1_spotify.ipynb").read_text() == "second"
    assert working_copy.bring_up_to_date(course, NOW) == []


def test_a_newer_version_of_changed_work_is_laid_beside_it_once(course):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")
    assert working_copy.bring_up_to_date(course, NOW) == []  # changed, but there is nothing newer
    (course.root / "exercises/unit/1_spotify.ipynb").write_text("second")
    (said,) = working_copy.bring_up_to_date(course, NOW)
    assert "my-course/exercises/unit/1_spotify.ipynb" in said
    assert "1_spotify.new-2026-11-21.ipynb" in said
    beside = mine.with_name("1_spotify.new-2026-11-21.ipynb")
    assert (mine.read_text(), beside.read_text()) == ("my work", "second")
    beside.unlink()  # the learner has seen it
    assert working_copy.bring_up_to_date(course, NOW) == []
    assert not beside.exists()


def test_two_newer_versions_on_one_day_keep_both(course):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")
    for version in ("second", "third"):
        (course.root / "exercises/unit/1_spotify.ipynb").write_text(version)
        working_copy.bring_up_to_date(course, NOW)
    assert mine.with_name("1_spotify.new-2026-11-21.ipynb").read_text() == "second"
    assert mine.with_name("1_spotify.new-2026-11-21-2.ipynb").read_text() == "third"


@pytest.mark.parametrize("manifest", [None, "{ cut off", "[]"])
def test_without_its_manifest_nothing_is_overwritten(course, manifest):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")
    path = course.my_course / working_copy.MANIFEST
    path.unlink() if manifest is None else path.write_text(manifest)
    working_copy.bring_up_to_date(course, NOW)
    assert mine.read_text() == "my work"
    assert working_copy.bring_up_to_date(course, NOW) == []


def test_reset_hands_out_anew_and_keeps_the_old(course):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")
    said = working_copy.reset(course, "1_spotify", NOW)
    kept = mine.with_name("1_spotify.old-2026-11-21-153012.ipynb")
    assert kept.name in said
    assert (mine.read_text(), kept.read_text()) == ("first exercises/unit/1_spotify.ipynb", "my work")
    (course.root / "exercises/unit/1_spotify.ipynb").write_text("second")  # the fresh one counts as untouched
    assert working_copy.bring_up_to_date(course, NOW) == ["Updated: my-course/exercises/unit/1_spotify.ipynb"]


@pytest.mark.parametrize(
    "name", ["1_spotify.ipynb", "exercises/unit/1_spotify", "my-course\\exercises\\1_spotify.ipynb"]
)
def test_reset_takes_the_name_as_people_type_it(course, name):
    assert "1_spotify.ipynb is fresh" in working_copy.reset(course, name, NOW)


def test_reset_of_untouched_work_leaves_no_litter(course):
    working_copy.bring_up_to_date(course, NOW)
    before = tree(course.my_course)
    assert "as it was handed out" in working_copy.reset(course, "1_spotify", NOW)
    assert tree(course.my_course) == before


def test_reset_of_an_unknown_name_lists_the_names(course, capsys):
    assert commands.main(["reset", "3_mnist"], course) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert 'no notebook "3_mnist"; there are: 01_lesson, 1_spotify, 2_concrete' in said


@pytest.mark.parametrize("seed", range(20))
def test_nothing_a_learner_wrote_is_ever_lost(course, seed):
    """Author and learner edit, the course starts and resets, in any order: each text the learner saved is there."""
    draw = random.Random(seed)
    names = ("notebooks/01_lesson.ipynb", "exercises/unit/1_spotify.ipynb")
    saved: dict[str, str] = {}  # what stands in the learner's file now
    kept: set[str] = set()
    for step in range(60):
        name = draw.choice(names)
        now = NOW + timedelta(seconds=step // 3)
        match draw.randrange(4):
            case 0:
                (course.root / name).write_text(draw.choice("ABC"))
            case 1 if (course.my_course / name).exists():
                saved[name] = f"mine {step}"
                (course.my_course / name).write_text(saved[name])
            case 2:
                working_copy.bring_up_to_date(course, now)
            case 3:
                working_copy.reset(course, Path(name).stem, now)
                kept |= {saved.pop(name)} if name in saved else set()
        for name, text in saved.items():
            assert (course.my_course / name).read_text() == text
        assert kept <= set(tree(course.my_course).values())


def test_a_full_disk_is_one_sentence_and_loses_nothing(course, monkeypatch, capsys):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")

    def full(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:3])  # what the disk still took
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert commands.main(["reset", "1_spotify"], course) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "The disk is full" in said
    assert "my work" in tree(course.my_course).values()
    assert not list(course.my_course.rglob("*.tmp"))


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere: not tried as root")
def test_a_read_only_folder_is_one_sentence(course, capsys):
    working_copy.bring_up_to_date(course, NOW)
    (course.my_course / "exercises/unit/1_spotify.ipynb").write_text("my work")
    (course.my_course / "exercises/unit").chmod(0o555)
    assert commands.main(["reset", "1_spotify"], course) == 1
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_folder_that_refuses_is_one_sentence(course, monkeypatch, capsys, code):
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert commands.main(["reset", "1_spotify"], course) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot be written to: move the course" in said


# ---- JupyterLab's port


@pytest.fixture
def taken_port():
    with socket.socket() as somebody:
        somebody.bind(("localhost", 0))
        somebody.listen()
        yield somebody.getsockname()[1]


@pytest.mark.parametrize("option", ["--port {}", "--port={}", "--ServerApp.port={}", "--no-browser --port {}"])
def test_a_port_in_use_is_said_before_anything_is_installed(course, taken_port, option, capsys):
    assert commands.main(["lab", *option.format(taken_port).split()], course) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"Port {taken_port} is in use by another program: choose another" in said
    assert not course.venv.exists()


@pytest.mark.parametrize("port", ["x", "-1", "70000"])
def test_what_is_no_port_is_said(port):
    with pytest.raises(CourseError, match="is no port"):
        server.check_port([f"--port={port}"])


def test_a_free_port_is_no_complaint():
    server.check_port(["--no-browser", "--port", str(server.free_port())])
    server.check_port(["--no-browser"])


# ---- the installation

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
    layout.stamp.write_text(json.dumps({"unfinished": True}))


def broken(layout: Layout) -> None:
    layout.python.unlink()
    layout.python.symlink_to("/nowhere/python3")


def of_another_version(layout: Layout) -> None:
    script(layout.python, "echo 10")


@posix
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (interrupted, "was not finished"),
        pytest.param(broken, "does not work", marks=pytest.mark.full),
        pytest.param(of_another_version, "does not work", marks=pytest.mark.full),
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


# ---- the doctor


def test_the_doctor_names_what_is_missing(course, taken_port, monkeypatch):
    monkeypatch.setattr(doctor, "USUAL_PORT", taken_port)
    monkeypatch.setattr(doctor, "SPACE_NEEDED", 1e18)
    monkeypatch.setattr(doctor, "MEMORY_NEEDED", 1e18)
    assert (doctor.disk(course).fine, doctor.memory(course).fine, doctor.port(course).fine) == (False, False, False)
    assert f"Port {taken_port} is in use" in str(doctor.port(course))
    assert str(doctor.disk(course)).startswith("MISSING")
    assert str(doctor.memory(course)).startswith("note")
    assert "Not installed yet" in str(doctor.installed(course))
    assert doctor.python(course).fine


def test_the_doctor_asks_the_index_that_pip_is_set_to(small, monkeypatch):
    monkeypatch.setattr(doctor, "_SMALL", "first")
    assert doctor.package_index(small).fine
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    assert "No package index answers" in str(doctor.package_index(small))


# ---- the bundle


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The archive for learners, unpacked in an empty folder outside of any clone."""
    folder = tmp_path_factory.mktemp("bundle")
    with zipfile.ZipFile(ROOT / bundle.write(Layout(ROOT))) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
    return folder / bundle.NAME


def test_the_bundle_is_the_same_each_time(unpacked):
    path = ROOT / bundle.write(Layout(ROOT))
    first = path.read_bytes()
    bundle.write(Layout(ROOT))
    assert path.read_bytes() == first


def test_the_bundle_holds_no_solution_no_test_and_no_marking_guide(unpacked):
    top = {path.name for path in unpacked.iterdir()}
    assert top <= set(bundle.FILES) | set(bundle.FOLDERS)
    assert not top & {"solutions", "tests", "benchmarks", ".ci", ".git"}
    texts = {path: path.read_text(encoding="utf-8") for path in unpacked.rglob("*.ipynb")}
    assert texts
    for path, text in texts.items():
        for mark in ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME"):
            assert mark not in text, f"{path} holds {mark}"
    everything = "\n".join(" ".join(text_of(path).split()) for path in unpacked.rglob("*") if path.is_file())
    secrets = list(hidden_regions())
    assert len(secrets) >= 4  # two models, and more: the sources are read
    for source, region in secrets:
        assert region not in everything, f"of {source}: {region}"


def text_of(path: Path) -> str:
    """What a person reads in a file: of a notebook, its cells."""
    text = path.read_text(encoding="utf-8", errors="ignore")
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def hidden_regions():
    """What stands between nbgrader's marks in solutions/, each as (file, text on one line)."""
    for path in sorted((ROOT / "solutions").rglob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            lines = "".join(cell["source"]).splitlines()
            starts = [i for i, line in enumerate(lines) if "BEGIN SOLUTION" in line or "BEGIN MARK SCHEME" in line]
            ends = [i for i, line in enumerate(lines) if "END SOLUTION" in line or "END MARK SCHEME" in line]
            for start, end in zip(starts, ends, strict=True):
                yield path.name, " ".join(" ".join(lines[start + 1 : end]).split())


def test_the_bundle_can_be_installed_and_says_that_tests_are_elsewhere(unpacked):
    python = [sys.executable, "-B"]
    pip = [*python, "-m", "pip", "install", "--dry-run", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    built = subprocess.run([*pip, str(unpacked)], capture_output=True, text=True)
    assert built.returncode == 0, built.stderr
    tried = subprocess.run([*python, "course.py", "test"], cwd=unpacked, capture_output=True, text=True)
    assert (tried.returncode, tried.stderr.count("\n")) == (1, 1)
    assert "without its tests" in tried.stderr
    fresh = subprocess.run(
        [*python, "course.py", "reset", "1_spotify_dropout"], cwd=unpacked, capture_output=True, text=True
    )
    assert "is fresh" in fresh.stdout, fresh.stderr
