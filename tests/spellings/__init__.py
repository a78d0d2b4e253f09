"""Right answers in unusual spellings: many ways to write the reference models, and near misses that are others.

``SPOTIFY`` and ``CONCRETE`` hold builders of the reference model by name, ``NOT_SPOTIFY`` and ``NOT_CONCRETE`` builders
of models that only look like it. A builder takes nothing and returns a fresh compiled Keras model; Spotify's has 18
inputs, Concrete's 8, as the data.
"""

from spellings import (  # noqa: F401 (each registers its builders)
    concrete,
    near_concrete,
    near_spotify,
    spotify_activations,
    spotify_classes,
    spotify_layers,
)
from spellings.registry import CONCRETE, CONCRETE_INPUTS, NOT_CONCRETE, NOT_SPOTIFY, SPOTIFY, SPOTIFY_INPUTS

__all__ = ["CONCRETE", "CONCRETE_INPUTS", "NOT_CONCRETE", "NOT_SPOTIFY", "SPOTIFY", "SPOTIFY_INPUTS"]
