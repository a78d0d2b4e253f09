"""Where builders are registered: a dictionary of builders by name for each exercise, right ones and near misses."""

from collections.abc import Callable
from typing import Any

import keras

Builders = dict[str, Callable[[], keras.Model]]

SPOTIFY_INPUTS, CONCRETE_INPUTS = 18, 8
SPOTIFY: Builders = {}
CONCRETE: Builders = {}
NOT_SPOTIFY: Builders = {}
NOT_CONCRETE: Builders = {}


def _into(builders: Builders, optimizer: str) -> Callable[[Any], Any]:
    """A decorator that registers a builder; a model that it leaves uncompiled is compiled as the exercise does."""

    def register(build: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
        def compiled() -> keras.Model:
            model = build()
            if not model.compiled:
                model.compile(optimizer=optimizer, loss="mae")
            return model

        builders[build.__name__] = compiled
        return build

    return register


spotify, not_spotify = _into(SPOTIFY, "adam"), _into(NOT_SPOTIFY, "adam")
concrete, not_concrete = _into(CONCRETE, "sgd"), _into(NOT_CONCRETE, "sgd")
