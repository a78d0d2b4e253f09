"""`fit` answered from another run of the same notebook: what takes long is trained once, for all languages.

Its text is run in a cell of the notebook, behind the imports: `remember` keeps each long training in a folder, `answer`
gives them back in the same order. Short trainings, which a lesson looks into, are done each time.
"""

import itertools
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONG = 10  # epochs
Fit = Callable[..., Any]  # `fit` of Keras, or what stands in its place


def remember(folder: str) -> None:
    """Keep what each long `fit` of this notebook gives."""
    _each_long_fit(lambda fit, number, model, *args, **options: _kept(fit, Path(folder), number, model, args, options))


def answer(folder: str) -> None:
    """Give each long `fit` of this notebook what it gave in the other run."""
    _each_long_fit(lambda fit, number, model, *args, **options: _given(Path(folder), number, model))


def _each_long_fit(replaced: Fit) -> None:
    import keras

    fit, count = keras.Model.fit, itertools.count()

    def long_or_not(model: Any, *args: Any, **options: Any) -> Any:
        if options.get("epochs", 1) < LONG:
            return fit(model, *args, **options)
        return replaced(fit, next(count), model, *args, **options)

    keras.Model.fit = long_or_not


def _kept(fit: Fit, folder: Path, number: int, model: Any, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    import keras
    import numpy as np

    history = fit(model, *args, **options)
    values = [keras.ops.convert_to_numpy(variable) for variable in model.variables]
    kept = (history.epoch, history.history, values, random.getstate(), np.random.get_state())
    (folder / f"{number}.pickle").write_bytes(pickle.dumps(kept))
    return history


def _given(folder: Path, number: int, model: Any) -> Any:
    import keras
    import numpy as np

    epoch, series, values, *states = pickle.loads((folder / f"{number}.pickle").read_bytes())
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)
    random.setstate(states[0])
    np.random.set_state(states[1])
    history = keras.callbacks.History()
    history.set_model(model)
    history.epoch, history.history, model.history = epoch, series, history
    return history
