"""Many small trainings, each a hundred times sooner than by ``fit`` and with the same meaning.

`plan` says what a run is, `runs` trains it by NumPy (`layers`, `masks`, `optimizers`), `cache` keeps its curves on
disk, `examined` keeps what the layers give out beside them (`activations`), and `background` trains many in processes
of their own while a notebook goes on. Nothing here imports TensorFlow.
"""

from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Plan, Relu
from dropnorm.sweep.runs import run

__all__ = ["BatchNorm", "Dense", "Dropout", "Plan", "Relu", "run"]
