"""Right answers in unusual spellings: many ways to write the reference models, and near misses that are others.

Each module holds builders in a dictionary by name; a builder takes nothing and returns a fresh compiled Keras model
(in ``different`` an uncompiled one where that is the point). `spotify` has 18 inputs and `concrete` 8, as the data.
"""

SPOTIFY_INPUTS, CONCRETE_INPUTS = 18, 8
