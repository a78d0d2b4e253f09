"""The archive for learners holds what they need, and nothing that they must not have."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dropnorm.places import ROOT
from launcher import bundle
from launcher.layout import Layout

LONG = 60  # characters: a line that nobody writes twice by chance


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
    """What stands between nbgrader's marks in solutions/, whole and by its long lines: (file, text on one line)."""
    for path in sorted((ROOT / "solutions").rglob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            lines = "".join(cell["source"]).splitlines()
            starts = [i for i, line in enumerate(lines) if "BEGIN SOLUTION" in line or "BEGIN MARK SCHEME" in line]
            ends = [i for i, line in enumerate(lines) if "END SOLUTION" in line or "END MARK SCHEME" in line]
            for start, end in zip(starts, ends, strict=True):
                region = lines[start + 1 : end]
                yield path.name, " ".join(" ".join(region).split())
                yield from ((path.name, " ".join(line.split())) for line in region if len(line) > LONG)


def test_the_bundle_holds_each_language_but_no_catalogue_of_its_authors(unpacked):
    """The catalogues hold the marking guides, paragraph by paragraph: only what is shown at run time goes in."""
    languages = [path.parent for path in (unpacked / "dropnorm" / "translations").glob("*/language.toml")]
    assert languages
    assert not list(unpacked.rglob("*.po"))
    for name in git_files("dropnorm/translations", "notebooks", "exercises", "README.*.md"):
        assert (unpacked / name).exists() == (not name.endswith(".po")), name


def git_files(*places: str) -> list[str]:
    """The files that git knows there."""
    said = subprocess.run(["git", "ls-files", "-z", *places], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in said.stdout.split("\0") if name]


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
