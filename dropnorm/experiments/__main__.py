"""The tables that the lesson reads from ``data/experiments/``, one row a training (or a pair of them).

python -m dropnorm.experiments [--source official|stand-in] [--seeds 5] [--table NAME]
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dropnorm import datasets
from dropnorm.experiments.tables import SOURCES, TABLES, make


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dropnorm.experiments", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--source", choices=SOURCES, help="only this one (default: each that is here)")
    parser.add_argument("--table", choices=tuple(TABLES), help="only this one (default: all)")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each kind (default: 5)")
    parser.add_argument("--processes", type=int, help="trainings at once (default: one a core)")
    options = parser.parse_args(arguments)
    made: set[Path] = set()
    for source in [options.source] if options.source else SOURCES:
        os.environ["DROPNORM_SOURCE"] = source  # the processes that train inherit it
        try:
            for table in [TABLES[options.table]] if options.table else TABLES.values():
                if table.path(source) not in made:  # one that does not depend on the source is made once
                    print(make(table, source, options.seeds, options.processes))
                    made.add(table.path(source))
        except datasets.DataError as error:
            print(error, file=sys.stderr)
            if options.source:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
