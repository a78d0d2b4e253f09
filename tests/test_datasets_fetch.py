"""fetch and import, against a real server on this machine that behaves as bad servers do."""

import dataclasses
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from test_datasets_sources import CONCRETE, COURSE, UPSTREAM
from test_datasets_store import cache  # noqa: F401

from dropnorm import datasets
from dropnorm.datasets import fetch, sources
from dropnorm.datasets.__main__ import main

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """An HTTP server that gives its answers in turn, the last one for ever."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [sends(UPSTREAM)]
        self.asked = 0
        self.ended = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer = server.answers[min(server.asked, len(server.answers) - 1)]
                server.asked += 1
                answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.http.serve_forever)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.http.server_port}/concrete.csv"

    def close(self) -> None:
        self.ended.set()
        self.http.shutdown()
        self.thread.join()
        self.http.server_close()


def sends(content: bytes, length: int | None = None) -> Answer:
    """An answer that says it is ``length`` bytes long, and sends ``content``."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) if length is None else length))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def refuses(status: int) -> Answer:
    return lambda handler: handler.send_error(status)


@pytest.fixture
def server(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:  # noqa: F811
    """A server that has upstream's file of three rows, which the course calls Concrete."""
    running = Server()
    entry = dataclasses.replace(CONCRETE, url=running.url, sha256=sources.digest(UPSTREAM))
    monkeypatch.setattr(sources, "sources", lambda: {"concrete": entry})
    monkeypatch.setattr(fetch, "RETRIES", 0)
    yield running
    running.close()


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_what_is_fetched_is_in_use(server: Server, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert main(["fetch", "concrete"]) == 0
    said, wrong = capsys.readouterr()
    assert said.startswith("concrete: the official file, kept as ") and not wrong
    assert datasets.source("concrete") == "official"
    assert datasets.dataset("concrete").path.read_bytes() == COURSE, "in the course's columns"
    assert files(cache) == ["official/concrete.csv", "official/concrete.json"]
    assert main(["fetch", "concrete"]) == 0
    assert capsys.readouterr().out == "concrete: the official file is here already\n"
    assert server.asked == 1


def test_a_damaged_file_is_fetched_again(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    main(["fetch", "concrete"])
    datasets.dataset("concrete").path.write_bytes(COURSE[:-4])
    assert main(["fetch", "concrete"]) == 0
    assert datasets.dataset("concrete").path.read_bytes() == COURSE


def test_a_failed_download_is_tried_again(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "RETRIES", 2)
    server.answers = [refuses(503), sends(UPSTREAM[:-9]), sends(UPSTREAM)]
    assert main(["fetch", "concrete"]) == 0
    assert server.asked == 3


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refuses(404), "Not fetched: 127.0.0.1 answered 404 Not Found; what was in use stays in use"),
        (sends(UPSTREAM[:20], length=len(UPSTREAM)), "Not fetched: 127.0.0.1 cannot be reached or broke off; "),
        (sends(UPSTREAM.replace(b"7", b"8")), "What 127.0.0.1 sent is not the official concrete, as its sha256 is"),
        (sends(b"<html>Please log in to this network</html>"), "What 127.0.0.1 sent is not the official concrete"),
        (sends(b""), "What 127.0.0.1 sent is not the official concrete"),
    ],
    ids=["404", "broken off", "altered", "a login page", "nothing"],
)
def test_what_is_not_the_file_is_said_in_one_sentence_and_not_kept(
    server: Server,
    cache: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    answer: Answer,
    said: str,
) -> None:
    server.answers = [answer]
    assert main(["fetch", "concrete"]) == 1
    wrong = capsys.readouterr().err
    assert wrong.startswith(said) and wrong.count("\n") == 1 and "import DIR" in wrong
    assert files(cache) == []


def test_no_network_is_one_sentence_for_all(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away = dataclasses.replace(sources.find("concrete"), url="http://nowhere.invalid/file.csv")
    monkeypatch.setattr(
        sources, "sources", lambda: {name: dataclasses.replace(away, name=name) for name in datasets.NAMES}
    )
    assert main(["fetch"]) == 1
    assert capsys.readouterr().err == (
        "Not fetched: nowhere.invalid cannot be reached or broke off; what was in use stays in use, and a copy that "
        "you have is taken by `python3 course.py run -m dropnorm.datasets import DIR`.\n"
    )


@pytest.mark.parametrize("seconds", ["abc", "0", "nan"])
def test_a_time_that_is_none_is_said_in_words(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["fetch", "--timeout", seconds])
    said = capsys.readouterr().err
    assert f"{seconds} is not a number of seconds above 0" in said and "_seconds" not in said


def test_a_silent_server_is_waited_for_no_longer_than_asked(
    server: Server,
    cache: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    server.answers = [lambda handler: server.ended.wait(60) and None]
    assert main(["fetch", "concrete", "--timeout", "0.5"]) == 1
    wrong = capsys.readouterr().err
    assert "127.0.0.1 did not" in wrong and wrong.count("\n") == 1
    assert not server.ended.is_set() and files(cache) == []


def test_a_trickle_is_waited_for_no_longer_than_asked(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    def trickle(handler: BaseHTTPRequestHandler) -> None:
        sends(b"", length=10**6)(handler)
        while not server.ended.wait(0.05):  # a byte now and then keeps requests' own time-out from ending it
            handler.wfile.write(b"x")

    server.answers = [trickle]
    assert main(["fetch", "concrete", "--timeout", "0.5"]) == 1
    assert "127.0.0.1 did not send it within 0.5 s" in capsys.readouterr().err


def test_an_unknown_name_is_said_before_anything_is_fetched(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fetch", "concrete", "white-wine"]) == 1
    assert capsys.readouterr().err == "There is no data set named 'white-wine'; the course has concrete.\n"
    assert server.asked == 0


# --- import ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [UPSTREAM, COURSE], ids=["upstream's form", "the course's form"])
def test_a_file_of_any_name_is_taken_and_left_as_it_is(
    server: Server,
    cache: Path,  # noqa: F811
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "Downloads (3).txt").write_bytes(content)
    (mine / "a picture.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff")
    assert main(["import", str(mine)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("concrete: took Downloads (3).txt, and keeps it as ")
    assert datasets.source("concrete") == "official"
    assert datasets.dataset("concrete").path.read_bytes() == COURSE
    assert (mine / "Downloads (3).txt").read_bytes() == content and len(files(mine)) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (COURSE.replace(b"7", b"8"), "has the columns and rows of concrete but not its values"),
        (UPSTREAM[:-6], "has 3 usable rows"),
        (UPSTREAM.replace(b'"strength"', b'"force"'), "lacks the column Strength"),
    ],
)
def test_a_damaged_file_is_named_and_what_was_in_use_stays(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str
) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "c.csv").write_bytes(content)
    main(["fetch", "concrete"])
    capsys.readouterr()
    if said.startswith("has 3"):
        said = "altered"  # three rows of which the last is cut
    assert main(["import", str(mine)]) == 1
    wrong = capsys.readouterr().err
    assert wrong.startswith(str(mine / "c.csv")) and said in wrong and wrong.count("\n") == 1
    assert datasets.dataset("concrete").path.read_bytes() == COURSE
    (mine / "good.csv").write_bytes(COURSE)
    assert main(["import", str(mine)]) == 0, "a good file beside a damaged one is taken"


def test_a_folder_without_the_files_is_said(server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "other.csv").write_text("a,b\n1,2\n")
    assert main(["import", str(mine)]) == 1
    assert capsys.readouterr().err.startswith(f"No file in {mine} has the columns of concrete; name the folder")
    assert main(["import", str(mine / "nowhere")]) == 1
    assert "cannot be read as a folder (No such file or directory)" in capsys.readouterr().err


def test_status_says_what_is_used_and_what_is_damaged(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(datasets, "NAMES", ("concrete",))
    main(["fetch", "concrete"])
    kept = datasets.dataset("concrete").path
    capsys.readouterr()
    assert main(["status"]) == 0
    assert capsys.readouterr().out == f"concrete: official, {kept}\n"
    kept.write_bytes(b"")
    assert main(["status"]) == 1
    assert capsys.readouterr().err.startswith(f"concrete: The official file {kept} was altered")
