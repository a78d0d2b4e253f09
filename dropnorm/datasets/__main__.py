"""`python -m dropnorm.datasets fetch [NAME...] | import DIR | status`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dropnorm import datasets
from dropnorm.datasets import imports, sources, store
from dropnorm.datasets.errors import COMMAND, DataError

TIMEOUT = 120.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 1 after one sentence on stderr for each thing that went wrong."""
    parser = argparse.ArgumentParser(prog=COMMAND, description="The course's data sets.")
    commands = parser.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("fetch", help="download the official files")
    fetch.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(datasets.NAMES)}; all if none is named")
    fetch.add_argument(
        "--timeout", type=_seconds, default=TIMEOUT, metavar="SECONDS", help=f"wait so long at most ({TIMEOUT:g})"
    )
    take = commands.add_parser("import", help="take official files that you have, whatever they are called")
    take.add_argument("folder", type=Path, metavar="DIR")
    commands.add_parser("status", help="say which files are in use")
    options = parser.parse_args(arguments)
    try:
        if options.command == "fetch":
            return _fetch(options.names or list(datasets.NAMES), options.timeout)
        if options.command == "import":
            for said in imports.import_folder(options.folder):
                print(said)
            _say_what_overrides()
            return 0
        return _status()
    except DataError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _fail("Stopped; what was in use stays in use.")


def _fetch(names: list[str], seconds: float) -> int:
    from dropnorm.datasets.fetch import NoAnswerError, download, host

    entries = [sources.find(name) for name in dict.fromkeys(names)]  # an unknown name is said before all downloads
    wanted = [entry for entry in entries if not _is_here(entry)]
    for entry in entries:
        if entry not in wanted:
            print(f"{entry.name}: the official file is here already")
    arrived = download(wanted, seconds)
    failed = 0
    unanswered: list[str] = []
    for entry in wanted:
        came = arrived[entry.name]
        try:
            if isinstance(came, Exception):
                raise came
            content = sources.course_form(entry, came, f"What {host(entry)} sent")
            print(f"{entry.name}: the official file, kept as {store.keep_official(entry, content)}")
        except NoAnswerError as error:
            unanswered.append(str(error))
        except DataError as error:
            failed += _fail(str(error))
    if unanswered:
        failed += _fail(
            f"Not fetched: {', '.join(dict.fromkeys(unanswered))}; what was in use stays in use, and a copy that you "
            f"have is taken by `{COMMAND} import DIR`."
        )
    _say_what_overrides()
    return min(failed, 1)


def _is_here(entry: sources.Source) -> bool:
    try:
        return store.kept_official(entry) is not None
    except DataError:  # damaged or gone: that is what fetching mends
        return False


def _status() -> int:
    failed = 0
    for name in datasets.NAMES:
        try:
            found = datasets.dataset(name)
        except DataError as error:
            failed += _fail(f"{name}: {error}")
            continue
        print(f"{name}: {found.source}, {found.path}")
    return min(failed, 1)


def _say_what_overrides() -> None:
    for variable in ("DROPNORM_DATA", "DROPNORM_SOURCE"):
        if os.environ.get(variable):
            print(f"{variable} is set to {os.environ[variable]} and decides which files are used.")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not a number of seconds above 0")
    return seconds


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
