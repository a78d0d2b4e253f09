"""Trainings of specs, kept on disk: most of a class hands in the same dozen models, and each is trained once.

An entry's name is a digest of all that decides its numbers: the spec, the data, the seeds, what computes it and the
processor's features. An entry is written in one step, with a seal that tells damage and what belongs elsewhere, so
several processes may share the folder; what cannot be read back is trained anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import io
import logging
import os
import platform
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from dropnorm import jobs, quiet
from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.language import _
from dropnorm.places import CACHE
from dropnorm.split import Split
from dropnorm.sweep import cache
from grader.runs import SEEDS, Weights, middle, run
from grader.spec import ModelSpec
from grader.spec_rules import SpecError
from grader.sweeping import plan_of

if TYPE_CHECKING:
    from grader.exercises.noun import Exercise

log = logging.getLogger(__name__)
FOLDER = CACHE / "trainings"
LIMIT = 2 * 2**30  # bytes; a training of the course's widest network takes some 2 MB
SERIES = (LOGGED, VALIDATION, AT_INFERENCE)
SEAL = hashlib.sha256().digest_size  # bytes behind the content; who reads a .npz passes over them
# Modules whose code decides the numbers, beside the engine's own.
OF_BOTH = ("grader.runs", "grader.sweeping")
OF_ENGINE = (*OF_BOTH, "dropnorm.sweep.plan")
OF_KERAS = (*OF_BOTH, "grader.rebuilding", "grader.activations", "grader.losses", "dropnorm.training")


@dataclass(frozen=True, eq=False)
class Training:
    """A spec trained from the three seeds on an exercise's data, and the weights of the run that counts.

    Attributes:
        runs: the curves, one run a seed, in the order of ``grader.retraining.SEEDS``.
        weights: of the run that counts: for each operation of the spec its arrays by Keras' names and in its order:
            ``kernel``, ``bias``; ``gamma``, ``beta``, ``moving_mean``, ``moving_variance``; none where it has none.
    """

    runs: tuple[LearningCurves, ...]
    weights: Weights

    @property
    def counted(self) -> int:
        """The place of the run that counts: its best validation loss is the median."""
        return middle(self.runs)

    @property
    def curves(self) -> LearningCurves:
        """The curves of the run that counts."""
        return self.runs[self.counted]

    def to_bytes(self) -> bytes:
        """One ``.npz`` of numbers; `from_bytes` reads it back."""
        together = LearningCurves.stack(self.runs)
        arrays = {name: getattr(together, name) for name in SERIES}
        arrays |= {"seeds": np.array(together.seeds), "operations": np.array(len(self.weights))}
        for place, named in enumerate(self.weights):
            arrays |= {f"{place}.{name}": values for name, values in named.items()}
        written = io.BytesIO()
        np.savez(written, **arrays)
        return written.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Training:
        """What `to_bytes` wrote. Raises ValueError for anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                seeds = tuple(int(seed) for seed in arrays["seeds"])
                together = LearningCurves(*(arrays[name] for name in SERIES), seeds=seeds)
                weights: list[dict[str, np.ndarray]] = [{} for _ in range(int(arrays["operations"]))]
                for member in arrays.files:
                    place, dot, name = member.partition(".")
                    if dot:
                        weights[int(place)][name] = arrays[member]
        except Exception as error:  # a damaged archive raises whatever its parts raise
            raise ValueError(f"This holds no training ({type(error).__name__}).") from error
        return cls(tuple(together.run(place) for place in range(together.runs)), tuple(weights))


def train(spec: ModelSpec, exercise: Exercise) -> Training:
    """Train a spec from the three seeds, one after the other; nothing is read or kept. The same call, the same numbers.

    By the sweep's engine where it knows the spec. Else by Keras on one thread of TensorFlow, in a process of its own
    where TensorFlow already runs on more of them in this one.

    Raises:
        DataError: the exercise's data cannot be had.
        SpecError: the spec has no fit settings, or Keras cannot build it.
    """
    spec = _trainable(spec)
    job = spec, exercise.data()
    if _by_engine(spec) or _on_one_thread():
        return _trained(job)
    ((_, training),) = jobs.finished(_trained, [job], 1)
    return training


def key(spec: ModelSpec, exercise: Exercise) -> str:
    """The name of a training, by all that decides its numbers: equal names, equal numbers. Raises as `train` does.

    The exercise's own name is not among it: two exercises on the same data share their trainings.
    """
    spec = _trainable(spec)
    computed_by: tuple[Any, ...]
    if _by_engine(spec):
        computed_by = ("engine", cache.engine(), _source(OF_ENGINE))
    else:
        versions = tuple(importlib.metadata.version(name) for name in ("keras", "tensorflow"))
        computed_by = ("keras", *versions, "one thread", os.environ.get("TF_ENABLE_ONEDNN_OPTS"), _source(OF_KERAS))
    asked = (spec.digest, _digest(exercise.data()), SEEDS, np.__version__, *rounding(), computed_by)
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def load(key: str, folder: Path = FOLDER) -> Training | None:
    """The training of that name, or None where it is not kept or is damaged. It counts as used now."""
    path = _path(key, folder)
    try:
        content = path.read_bytes()
        if content[-SEAL:] != _seal(key, content[:-SEAL]):
            return None
        training = Training.from_bytes(content[:-SEAL])
    except (OSError, ValueError):
        return None
    with contextlib.suppress(OSError):  # somebody else's folder, which may be read only
        os.utime(path)
    return training


def store(key: str, training: Training, folder: Path = FOLDER, limit: int = LIMIT) -> None:
    """Keep a training under its name; what was not used for longest is dropped where the folder has grown too large.

    Args:
        key: its `key`.
        training: what is kept.
        folder: where; it is made.
        limit: bytes of all entries together.

    Raises:
        OSError: the folder cannot be written.
    """
    content = training.to_bytes()
    cache.keep(_path(key, folder), content + _seal(key, content), limit)


def kept(spec: ModelSpec, exercise: Exercise, folder: Path = FOLDER) -> Training:
    """The training of a spec: read where it is kept, else trained and kept. Raises as `train` does.

    A folder that cannot be written costs time and nothing else; it is logged once.
    """
    name = key(spec, exercise)
    training = load(name, folder)
    if training is None:
        training = train(spec, exercise)
        try:
            store(name, training, folder)
        except OSError as error:
            _warn_once(folder, error.strerror or type(error).__name__)
    return training


def _trainable(spec: ModelSpec) -> ModelSpec:
    """The spec as its JSON says it: specs that are equal are then trained from the same numbers to the last digit."""
    if spec.fit is None:
        raise SpecError(_("This spec says nothing of epochs and batch size, so it cannot be trained."))
    return ModelSpec.from_json(spec.to_json())


def _by_engine(spec: ModelSpec) -> bool:
    return plan_of(spec, SEEDS[0], "once") is not None


def _trained(job: tuple[ModelSpec, Split]) -> Training:
    runs = [run(*job, seed) for seed in SEEDS]
    curves = tuple(each.curves for each in runs)
    return Training(curves, runs[middle(curves)].weights)


def _on_one_thread() -> bool:
    """Whether TensorFlow has one thread in this process; it gets no more where it has not run anything yet."""
    quiet.start()
    import tensorflow as tf

    try:
        tf.config.threading.set_intra_op_parallelism_threads(1)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:  # it runs already, and not on one
        return False
    return True


def _path(key: str, folder: Path) -> Path:
    return folder / f"{key}.npz"


def _seal(key: str, content: bytes) -> bytes:
    return hashlib.sha256(key.encode() + content).digest()


_digests: WeakKeyDictionary[Split, str] = WeakKeyDictionary()


def _digest(data: Split) -> str:
    """The digest of a split, taken once: pictures are half a gigabyte."""
    if data not in _digests:
        _digests[data] = cache.digest(data)
    return _digests[data]


@lru_cache
def rounding() -> tuple[str, str]:
    """What of this machine decides how sums are rounded: the kernels that multiply matrices, and the processor's
    features, by which NumPy and TensorFlow choose their code.
    """
    found: Any = np.show_config(mode="dicts")
    features = found.get("SIMD Extensions", {}).get("found", ())  # NumPy leaves out what is empty
    return cache.kernels(), " ".join([platform.machine(), *features])


@lru_cache
def _source(modules: tuple[str, ...]) -> str:
    """A digest of the source of modules, none of which is imported for it."""
    paths = [importlib.util.find_spec(module).origin for module in modules]
    return hashlib.sha256(b"".join(Path(path).read_bytes() for path in paths)).hexdigest()


@lru_cache
def _warn_once(folder: Path, reason: str) -> None:
    log.warning("Trainings cannot be kept in %s (%s): each is trained anew.", folder, reason)
