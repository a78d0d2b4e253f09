"""The instructor's commands: ``python -m grader COMMAND``; ``--help`` lists them."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

# Each is a module with `arguments`, which declares what it takes, and `main`, which runs it.
COMMANDS = {
    "pretrain": ("grader.pretrain", "train what a class will hand in before it does: references, plausible answers"),
    "rejudge": ("grader.autograde.rejudge", "judge a graded class anew after a change of rubric or bands"),
    "why": ("grader.autograde.why", "every criterion of a learner's verdicts, what was seen, points, and the curves"),
}


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m grader", description="The instructor's commands.")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (place, told) in COMMANDS.items():
        command, module = subparsers.add_parser(name, help=told, description=told), import_module(place)
        module.arguments(command)
        command.set_defaults(main=module.main)
    options = parser.parse_args(arguments)
    return options.main(options)


if __name__ == "__main__":
    sys.exit(main())
