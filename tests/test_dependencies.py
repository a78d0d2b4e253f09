"""The project's dependencies: said in pyproject.toml, locked for three systems, repeated for conda."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dropnorm.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SYSTEMS = {
    "Linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "macOS": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "Windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}
PYTHONS = ("3.11", "3.12", "3.13")


def locked(name: str, system: str, python: str) -> dict[str, str]:
    """What a lock installs on one system under one Python: package → version."""
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]
    here = SYSTEMS[system] | {"python_version": python, "python_full_version": f"{python}.9"}
    here |= {"implementation_name": "cpython", "platform_python_implementation": "CPython"}
    needed = [pin for pin in pins if pin.marker is None or pin.marker.evaluate(here)]
    assert len({canonicalize_name(pin.name) for pin in needed}) == len(needed), "a package is pinned twice"
    return {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in needed}


def pip_section() -> list[str]:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return next(entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict))


def test_environment_yml_repeats_pyproject_and_adds_the_course():
    *packages, course = pip_section()
    assert packages == PROJECT["dependencies"]
    assert course == "-e ."


def test_environment_yml_takes_the_same_pythons():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["dependencies"][:2] == [f"python {PROJECT['requires-python']}", "pip"]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_the_locks_name_no_index_and_only_exact_versions(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"://|--(extra-)?index|--find-links|--trusted-host| @ ", text)
    pins = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert [pin for pin in pins if not re.match(r"[a-z0-9][a-z0-9.-]*==[\w.!+]+( ; .+)?$", pin)] == []


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS)
def test_the_locks_hold_what_the_project_needs(system, python):
    learner, test = locked("requirements.lock", system, python), locked("requirements-test.lock", system, python)
    for wanted, lock in ((PROJECT["dependencies"], learner), (PROJECT["optional-dependencies"]["test"], test)):
        for requirement in map(Requirement, wanted):
            if requirement.marker is not None and not requirement.marker.evaluate(SYSTEMS[system]):
                continue
            assert requirement.specifier.contains(lock[canonicalize_name(requirement.name)]), requirement
    assert learner.items() <= test.items()  # course.py counts on it: what serves the tests serves the learner
    assert not {"pytest", "playwright", "ruff", "uv"} & set(learner)
    assert "setuptools" in learner  # the project is installed without build isolation


def imported(*places: str) -> dict[str, Path]:
    """The packages, but for the course's own, that files of these folders import: import name → one such file."""
    files = [file for place in places for file in ([ROOT / place] if "." in place else (ROOT / place).rglob("*.py"))]
    ours = {"benchmarks", "dropnorm", "grader", "launcher", "tests"}
    ours |= {path.stem for folder in ("tests", "data") for path in (ROOT / folder).iterdir()}
    found: dict[str, Path] = {}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            found |= {name.split(".")[0]: file for name in names}
    return {name: file for name, file in found.items() if name not in ours | sys.stdlib_module_names}


@pytest.mark.parametrize(
    ("places", "extra"),
    [(("dropnorm", "grader", "launcher", "data", "nbgrader_config.py"), None), (("tests",), "test")],
    ids=["course", "tests"],
)
def test_what_is_imported_is_declared(places, extra):
    declared = PROJECT["dependencies"] + (PROJECT["optional-dependencies"][extra] if extra else [])
    names = {canonicalize_name(Requirement(one).name) for one in declared}
    providers = packages_distributions()
    found = imported(*places)
    assert {"keras", "numpy"} <= set(found)  # the files are read
    missing = {
        name: str(file.relative_to(ROOT))
        for name, file in found.items()
        if not names & {canonicalize_name(provider) for provider in providers.get(name, [name])}
    }
    assert missing == {}


def test_this_environment_is_the_locks():
    """What the tests run with is what learners get (`make test` sees to it)."""
    from importlib.metadata import version

    system = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}[sys.platform]
    pins = locked("requirements-test.lock", system, f"3.{sys.version_info[1]}")
    assert {name: version(name) for name in pins if name in ("tensorflow", "keras", "pandas", "nbgrader")} == {
        name: pins[name] for name in ("tensorflow", "keras", "pandas", "nbgrader")
    }


@pytest.mark.long
def test_the_pip_section_installs_into_a_fresh_environment_and_everything_imports(tmp_path, throw_away):
    clone, venv = tmp_path / "clone", tmp_path / "venv"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    (clone / "section.txt").write_text("\n".join(pip_section()))
    subprocess.run([getattr(sys, "_base_executable", sys.executable), "-m", "venv", venv], check=True)
    python = venv / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    try:
        installed = subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "-r", "section.txt"], cwd=clone, capture_output=True, text=True
        )
        assert installed.returncode == 0, installed.stderr
        imported = subprocess.run([python, "-c", IMPORT_EVERYTHING], cwd=tmp_path, capture_output=True, text=True)
        assert imported.returncode == 0, imported.stderr
        assert Path(imported.stdout.strip()).is_relative_to(clone)
    finally:
        throw_away(venv)  # 2.8 GB


IMPORT_EVERYTHING = """
import importlib, pkgutil
import ipywidgets, jupyterlab, keras, matplotlib.pyplot, nbgrader, pandas, pooch, sklearn, tensorflow, tqdm
import dropnorm, grader
for package in (dropnorm, grader):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print(dropnorm.__file__)
"""
