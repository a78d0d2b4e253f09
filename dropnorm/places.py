"""Where the course's folders are.

The project is installed in place (``pip install -e .``), so every folder is found from this file's own position.
"""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "data"
SOURCES = DATA / "sources.toml"
STANDINS = DATA / "standins"
CACHE = DATA / "cache"
EXPERIMENTS = DATA / "experiments"
NOTEBOOKS = ROOT / "notebooks"
SOLUTIONS = ROOT / "solutions"
EXERCISES = ROOT / "exercises"
