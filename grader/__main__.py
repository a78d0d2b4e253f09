"""The instructor's commands: ``python -m grader COMMAND``; ``--help`` lists them."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module

from dropnorm.language import N_, _
from dropnorm.language.arguments import Parser
from dropnorm.language.terminal import speak_on_terminal

# Each is a module with `arguments`, which declares what it takes, and `main`, which runs it.
COMMANDS = {
    "history": (
        "grader.autograde.history",
        N_("a learner's verdicts in the order of time, and whether their record is whole"),
    ),
    "doctor": ("grader.autograde.doctor", N_("what protects this machine from a learner's code, each layer tried")),
    "pretrain": (
        "grader.pretrain",
        N_("train what a class will hand in before it does: references, plausible answers"),
    ),
    "rejudge": ("grader.autograde.rejudge", N_("judge a graded class anew after a change of rubric or bands")),
    "why": (
        "grader.autograde.why",
        N_("every criterion of a learner's verdicts, what was seen, points, and the curves"),
    ),
}


INTERRUPTED = 128 + signal.SIGINT  # as shells count
PIPE_CLOSED = 128 + getattr(signal, "SIGPIPE", 13)  # the exit code of any program whose reader has gone


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code. Whoever reads what it prints may stop reading: `| head`."""
    try:
        try:
            speak_on_terminal()
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except KeyboardInterrupt:
        print(_("Stopped: type the same command again."), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
        return PIPE_CLOSED


def _run(arguments: list[str] | None) -> int:
    given = sys.argv[1:] if arguments is None else arguments
    parser = Parser(prog="python -m grader", description=_("The instructor's commands."))
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (place, told) in COMMANDS.items():
        command = subparsers.add_parser(name, help=_(told), description=_(told))
        if name in given:  # to import those of the others takes longer than many a command
            module = import_module(place)
            module.arguments(command)
            command.set_defaults(main=module.main)
    options = parser.parse_args(given)
    return options.main(options)


if __name__ == "__main__":
    sys.exit(main())
