"""Which file is in use: it is said once, it never changes by itself, and nothing of a user's is lost."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_datasets_sources import CONCRETE, COURSE

from dropnorm import datasets, places
from dropnorm.datasets import sources, store


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no variable that overrides it."""
    for variable in ("DROPNORM_DATA", "DROPNORM_SOURCE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(places, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets, "_said", set())
    return places.CACHE


@pytest.fixture
def little(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, where the official Concrete is a file of three rows."""
    monkeypatch.setattr(sources, "sources", lambda: {"concrete": CONCRETE})
    return cache


def run(
    code: str, cache: Path, env: dict[str, str] | None = None, under: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run ``code`` in a process of its own, started by the command ``under``, whose cache is ``cache``."""
    start = f"from pathlib import Path; from dropnorm import places; places.CACHE = Path({str(cache)!r})\n"
    return subprocess.run(
        [*under, sys.executable, "-c", start + code], capture_output=True, text=True, env=environment() | (env or {})
    )


def environment() -> dict[str, str]:
    """This process' environment without the variables that override the cache."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DROPNORM_")}
    return kept | {"PYTHONPATH": str(places.ROOT)}


# --- what is said ----------------------------------------------------------------------------------------------------


def test_the_file_is_said_once_in_one_line(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert datasets.path("concrete") == datasets.path("concrete") == datasets.dataset("concrete").path
    said, wrong = capsys.readouterr()
    assert said.count("\n") == 1 and "concrete: a stand-in" in said and not wrong
    datasets.dataset("red-wine")
    assert datasets.source("red-wine") == "stand-in"
    assert capsys.readouterr().out == "", "only path() speaks"
    datasets.path("red-wine")
    assert capsys.readouterr().out.startswith("red-wine: a stand-in"), "each data set is said"


def test_the_official_file_is_said(little: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store.keep_official(CONCRETE, COURSE)
    assert datasets.path("concrete").read_bytes() == COURSE
    assert capsys.readouterr().out == "concrete: the official file (Three tests).\n"


def test_importing_it_loads_nothing_heavy(tmp_path: Path) -> None:
    done = run(
        "import sys, dropnorm.datasets as d\n"
        "assert not {'tensorflow', 'keras', 'pandas', 'sklearn', 'pooch'} & set(sys.modules), 'heavy'",
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


# --- what is used ----------------------------------------------------------------------------------------------------


def test_the_official_file_is_used_from_the_moment_it_is_there(little: Path) -> None:
    assert store.kept_official(CONCRETE) is None
    store.keep_official(CONCRETE, COURSE)
    found = datasets.dataset("concrete")
    assert found.source == "official" and found.path.is_relative_to(little)
    assert (found.target, [c.unit for c in found.columns]) == ("Strength", ["MPa", "days"])


def test_a_variable_chooses_the_source(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "official")
    with pytest.raises(datasets.DataError, match="asks for the official concrete, which is not here; get it with"):
        datasets.path("concrete")
    store.keep_official(sources.find("concrete"), COURSE)
    assert datasets.source("concrete") == "official"
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    assert datasets.source("concrete") == "stand-in"
    monkeypatch.setenv("DROPNORM_SOURCE", "offical")
    with pytest.raises(datasets.DataError, match="DROPNORM_SOURCE is 'offical'; set it to 'official' or 'stand-in'"):
        datasets.source("concrete")


def test_a_folder_is_read_in_place(little: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.setenv("DROPNORM_DATA", str(folder))
    with pytest.raises(datasets.DataError, match=r"there is no concrete\.csv in it; put the official file there or"):
        datasets.source("concrete")
    mine = folder / "concrete.csv"
    mine.write_bytes(COURSE.replace(b"\n", b"\r\n"))
    assert datasets.dataset("concrete").path == mine and datasets.source("concrete") == "official"
    mine.write_bytes(COURSE.replace(b"1.5", b"1.6"))
    with pytest.raises(datasets.DataError, match="altered"):
        datasets.source("concrete")
    mine.write_bytes(b"strength,age\n" + COURSE.split(b"\n", 1)[1])
    with pytest.raises(datasets.DataError, match="not in the course's columns; bring it in with"):
        datasets.source("concrete")
    assert list(folder.iterdir()) == [mine] and not little.exists(), "nothing is written, there or in the cache"


# --- damage ----------------------------------------------------------------------------------------------------------


def test_a_lost_official_file_is_no_reason_to_change_the_source(little: Path) -> None:
    kept = store.keep_official(CONCRETE, COURSE)
    kept.unlink()
    with pytest.raises(datasets.DataError, match="was in use and is gone; get it again with"):
        datasets.path("concrete")


@pytest.mark.parametrize("content", [COURSE[:-3], COURSE.replace(b"1.5", b"1.7"), b""], ids=["cut", "altered", "empty"])
def test_a_damaged_official_file_is_said_and_left_alone(little: Path, content: bytes) -> None:
    kept = store.keep_official(CONCRETE, COURSE)
    kept.write_bytes(content)
    with pytest.raises(datasets.DataError, match="was altered or cut short since it came; get it again with"):
        datasets.path("concrete")
    assert kept.read_bytes() == content
    store.keep_official(CONCRETE, COURSE)
    assert datasets.source("concrete") == "official"


def test_an_official_file_of_no_known_digest_is_known_again(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from test_datasets_sources import SONGS, songs

    monkeypatch.setattr(sources, "sources", lambda: {"spotify": SONGS})
    kept = store.keep_official(SONGS, sources.course_csv(songs()))
    assert datasets.source("spotify") == "official"
    store.record_of(kept).write_text("{")  # a damaged record: then the content decides
    assert datasets.source("spotify") == "official"
    kept.write_bytes(sources.course_csv(songs().assign(energy=0.5)))
    with pytest.raises(datasets.DataError, match="other values than the official spotify in energy"):
        datasets.source("spotify")


def test_an_altered_stand_in_is_said_and_left_alone(cache: Path) -> None:
    file = datasets.dataset("concrete").path
    drawn = file.read_bytes()
    file.write_bytes(drawn[:1000])
    with pytest.raises(datasets.DataError, match="altered or cut short; move or delete that file and it is drawn anew"):
        datasets.path("concrete")
    assert file.read_bytes() == drawn[:1000]
    file.unlink()
    assert datasets.dataset("concrete").path.read_bytes() == drawn, "a missing one comes back as it was"


def test_a_stand_in_is_drawn_anew_when_its_recipe_changes(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dropnorm.datasets import standins

    file = datasets.dataset("concrete").path
    when = file.stat().st_mtime_ns
    assert datasets.dataset("concrete").path.stat().st_mtime_ns == when, "not drawn at each start"
    monkeypatch.setattr(standins, "draw", lambda name: standins.pd.DataFrame({"Age": [1]}))
    monkeypatch.setattr(standins, "recipe", lambda name: "another")
    assert datasets.dataset("concrete").path.read_text() == "Age\n1\n"


# --- places that cannot be written -----------------------------------------------------------------------------------

ONE_PATH = "from dropnorm import datasets; print(datasets.path('concrete'))"


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A folder that a process ``as_anybody()`` may not write."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o555)
    yield folder
    folder.chmod(0o755)


def as_anybody() -> tuple[str, ...]:
    """The command that starts a process to which permissions apply: for root they do not otherwise."""
    if sys.platform == "win32":
        pytest.skip("NOT CHECKED on Windows: a folder is not made read-only by its mode")
    if os.getuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if not setpriv:
        pytest.skip("NOT CHECKED: nothing is read-only for root, and setpriv is not here to change that")
    return (setpriv, "--bounding-set=-dac_override")


def test_a_read_only_clone_uses_the_users_cache_and_says_so(read_only: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    done = run(ONE_PATH, read_only / "cache", {"XDG_CACHE_HOME": str(own), "HOME": str(own)}, as_anybody())
    assert done.returncode == 0 and not done.stderr, done.stderr
    said, path = done.stdout.splitlines()
    assert Path(path).stat().st_size > 10_000 and not Path(path).is_relative_to(read_only)
    if sys.platform == "linux":
        assert path.startswith(str(own))
    assert f"It is in {Path(path).parent}, as {read_only / 'cache'} cannot be written." in said
    assert not list(read_only.iterdir())


def test_no_place_to_write_at_all_is_one_sentence(read_only: Path) -> None:
    home = str(read_only)
    done = run(STATUS, read_only / "cache", {"XDG_CACHE_HOME": home, "HOME": home}, as_anybody())
    assert done.returncode == 1
    assert "cannot be written (Permission denied); free some space or allow writing there" in done.stderr
    assert "Traceback" not in done.stderr and done.stderr.count("\n") == 3, "one sentence for each data set"


STATUS = "import sys; from dropnorm.datasets.__main__ import main; sys.exit(main(['status']))"
LITTLE_SPACE = (
    "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"  # the system refuses more, as a full disk does
)


@pytest.mark.skipif(sys.platform == "win32", reason="NOT CHECKED on Windows: it has no limit on the size of files")
def test_a_full_disk_is_one_sentence_and_leaves_no_part_of_a_file(tmp_path: Path) -> None:
    done = run(LITTLE_SPACE + STATUS, tmp_path / "cache")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "spotify.csv cannot be written (File too large); free some space" in done.stderr
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.skipif(sys.platform == "win32", reason="NOT CHECKED on Windows: it has no limit on the size of files")
def test_a_full_disk_does_not_cost_the_official_file(tmp_path: Path) -> None:
    old = tmp_path / "cache" / "official" / "concrete.csv"
    old.parent.mkdir(parents=True)
    old.write_text("what was there")
    code = "from dropnorm.datasets import store, sources; store.keep_official(sources.find('concrete'), b'x' * 30_000)"
    done = run(LITTLE_SPACE + code, tmp_path / "cache")
    assert "nothing was changed" in done.stderr
    assert old.read_text() == "what was there" and list(old.parent.iterdir()) == [old]


def test_several_first_starts_at_once_get_the_same_file(tmp_path: Path) -> None:
    code = (
        f"from pathlib import Path; from dropnorm import places; places.CACHE = Path({str(tmp_path)!r})\n"
        "from dropnorm import datasets; print(len(datasets.dataset('concrete').path.read_bytes()))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment())
        for _ in range(2)
    ]
    answers = {process.communicate()[0] for process in started}
    assert len(answers) == 1 and int(answers.pop()) > 10_000
    assert sorted(path.name for path in (tmp_path / "stand-in").iterdir()) == ["concrete.csv", "concrete.json"]
