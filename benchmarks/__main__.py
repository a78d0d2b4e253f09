"""All benchmarks, one after the other, each in a process of its own: `make bench`."""

from __future__ import annotations

import subprocess
import sys

from dropnorm.places import ROOT

NAMES = ("sweep", "slider", "opening")


def main() -> int:
    codes = {name: subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=ROOT).returncode for name in NAMES}
    failed = [name for name, code in codes.items() if code]
    if failed:
        print(f"These did not run: {', '.join(failed)}.", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
