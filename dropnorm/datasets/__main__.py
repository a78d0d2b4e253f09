"""`python -m dropnorm.datasets fetch [NAME...] | import DIR | status`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dropnorm import datasets
from dropnorm.datasets import imports, sources, store
from dropnorm.datasets.errors import COMMAND, DataError
from dropnorm.language import _, current
from dropnorm.language.arguments import Parser
from dropnorm.language.terminal import speak_on_terminal

TIMEOUT = 120.0


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns 0, or 1 after one sentence on stderr for each thing that went wrong."""
    speak_on_terminal()
    parser = Parser(prog=COMMAND, description=_("The course's data sets."))
    commands = parser.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("fetch", help=_("download the official files"))
    names = current().between_items.join(datasets.NAMES)
    fetch.add_argument("names", nargs="*", metavar="NAME", help=_("{names}; all if none is named").format(names=names))
    at_most = _("wait so long at most ({seconds})").format(seconds=f"{TIMEOUT:g}")
    fetch.add_argument("--timeout", type=_seconds, default=TIMEOUT, metavar="SECONDS", help=at_most)
    take = commands.add_parser("import", help=_("take official files that you have, whatever they are called"))
    take.add_argument("folder", type=Path, metavar="DIR")
    commands.add_parser("status", help=_("say which files are in use"))
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
        return _fail(_("Stopped; what was in use stays in use."))


def _fetch(names: list[str], seconds: float) -> int:
    from dropnorm.datasets.fetch import NoAnswerError, download, host

    entries = [sources.find(name) for name in dict.fromkeys(names)]  # an unknown name is said before all downloads
    wanted = [entry for entry in entries if not _is_here(entry)]
    for entry in entries:
        if entry not in wanted:
            print(_("{name}: the official file is here already").format(name=entry.name))
    arrived = download(wanted, seconds)
    failed = 0
    unanswered: list[str] = []
    for entry in wanted:
        came = arrived[entry.name]
        try:
            if isinstance(came, Exception):
                raise came
            content = sources.course_form(entry, came, _("What {host} sent").format(host=host(entry)))
            kept = store.keep_official(entry, content)
            print(_("{name}: the official file, kept as {path}").format(name=entry.name, path=kept))
        except NoAnswerError as error:
            unanswered.append(str(error))
        except DataError as error:
            failed += _fail(str(error))
    if unanswered:
        failed += _fail(
            _(
                "Not fetched: {reasons}; what was in use stays in use, and a copy that you have is taken by "
                "`{command} import DIR`."
            ).format(reasons=current().between_items.join(dict.fromkeys(unanswered)), command=COMMAND)
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
            failed += _fail(_("{name}: {error}").format(name=name, error=error))
            continue
        used = _("{name}: official, {path}") if found.source == store.OFFICIAL else _("{name}: stand-in, {path}")
        print(used.format(name=name, path=found.path))
    return min(failed, 1)


def _say_what_overrides() -> None:
    for variable in ("DROPNORM_DATA", "DROPNORM_SOURCE"):
        if os.environ.get(variable):
            said = _("{variable} is set to {value} and decides which files are used.")
            print(said.format(variable=variable, value=os.environ[variable]))


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise argparse.ArgumentTypeError(_("{text} is not a number of seconds above 0").format(text=text))
    return seconds


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
