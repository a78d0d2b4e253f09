"""Write the table of attacks: ``python -m tests.hostile`` renews ``docs/attacks.md``."""

from __future__ import annotations

from dropnorm import places
from dropnorm.files import write_atomically

from .table import PAGE, page

if __name__ == "__main__":
    write_atomically(places.ROOT / PAGE, page().encode())
