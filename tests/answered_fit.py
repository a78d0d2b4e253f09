"""Trainings answered from another run of the same notebook: what takes long is trained once, for all languages.

Its text is run in a cell of the notebook, behind the imports: `remember` keeps each long training in a folder, by
Keras' `fit` or by the course's own `train`; `answer` gives them back in the same order. Short trainings, which a lesson
looks into, are done each time.
"""

import itertools
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

LONG = 10  # epochs
Training = Callable[..., Any]  # Keras' `fit`, `dropnorm.training.train`, or what stands in their place


def remember(folder: str) -> None:
    """Keep what each long training of this notebook gives."""
    _each_long_training(lambda own, number, *given, **options: _kept(own, Path(folder), number, given, options))


def answer(folder: str) -> None:
    """Give each long training of this notebook what it gave in the other run."""
    _each_long_training(lambda own, number, model, *given, **options: _given(Path(folder), number, model))


def _each_long_training(replaced: Training) -> None:
    import keras

    from dropnorm import training

    count = itertools.count()

    def instead(own: Training) -> Training:
        def long_or_not(model: Any, *args: Any, **options: Any) -> Any:
            if options.get("epochs", 1) < LONG:
                return own(model, *args, **options)
            return replaced(own, next(count), model, *args, **options)

        return long_or_not

    keras.Model.fit, training.train = instead(keras.Model.fit), instead(training.train)


def _kept(own: Training, folder: Path, number: int, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
    import keras
    import numpy as np

    result = own(*given, **options)
    told = (result.epoch, result.history) if isinstance(result, keras.callbacks.History) else result
    values = [keras.ops.convert_to_numpy(variable) for variable in given[0].variables]
    kept = (told, values, random.getstate(), np.random.get_state())
    (folder / f"{number}.pickle").write_bytes(pickle.dumps(kept))
    return result


def _given(folder: Path, number: int, model: Any) -> Any:
    import keras
    import numpy as np

    told, values, *states = pickle.loads((folder / f"{number}.pickle").read_bytes())
    for variable, value in zip(model.variables, values, strict=True):
        variable.assign(value)
    random.setstate(states[0])
    np.random.set_state(states[1])
    if not isinstance(told, tuple):
        return told
    history = keras.callbacks.History()
    history.set_model(model)
    (history.epoch, history.history), model.history = told, history
    return history
