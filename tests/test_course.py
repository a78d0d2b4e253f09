"""`course.py` finds the right Python, and says in one sentence what is missing."""

from __future__ import annotations

import ast
import os
import runpy
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dropnorm.places import ROOT
from launcher import commands, doctor, installation, server
from launcher.layout import CourseError


def test_an_old_python_can_read_course_py():
    tree = ast.parse((ROOT / "course.py").read_text(encoding="utf-8"), feature_version=(3, 4))
    newer = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign)
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, newer)] == []
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert functions
    assert all(f.returns is None and all(a.annotation is None for a in f.args.args) for f in functions)


def test_the_launcher_needs_nothing_but_the_standard_library():
    """And the languages, which need nothing else either: `test_launcher_languages` starts it without an environment."""
    for path in [ROOT / "course.py", *(ROOT / "launcher").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                top = name.split(".")[0]
                ours = top == "launcher" or name.startswith("dropnorm.language")
                assert ours or top in sys.stdlib_module_names, f"{path.name} imports {name}"


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe that nobody reads is another error there")
def test_a_reader_that_has_read_enough_gets_no_traceback():
    reads, writes = os.pipe()
    os.close(reads)
    with os.fdopen(writes, "wb") as pipe:
        done = subprocess.run([sys.executable, ROOT / "course.py", "--help"], stdout=pipe, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (141, b"")


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


@pytest.mark.skipif(os.name == "nt", reason="shell scripts stand for Pythons: not tried on Windows")
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
