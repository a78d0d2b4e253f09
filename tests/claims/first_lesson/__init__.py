"""What ``01_dropout_and_batch_normalization.ipynb`` claims: each expression is true after a run, on either source.

A module a part of the lesson, in its order; code that prepares names may use those of the parts before.
"""

from __future__ import annotations

from claims.first_lesson import batch_norm, both, dropout

PARTS = (dropout, batch_norm, both)
# Names that the claims use beside the notebook's own.
PREPARE = "\n".join(part.PREPARE for part in PARTS)
CLAIMS = {slug: expression for part in PARTS for slug, expression in part.CLAIMS.items()}
