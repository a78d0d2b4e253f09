"""Benchmarks, one after the other, each in a process of its own: `make bench`, or some by name."""

from __future__ import annotations

import argparse
import subprocess
import sys

from dropnorm.places import ROOT

NAMES = ("sweep", "slider", "opening", "box")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)} (default: all)")
    names = parser.parse_args().names or NAMES
    if unknown := [name for name in names if name not in NAMES]:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(NAMES)}")
    codes = {name: subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT).returncode for name in names}
    failed = [name for name, code in codes.items() if code]
    if failed:
        print(f"These did not run: {', '.join(failed)}.", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
