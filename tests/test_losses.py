"""Losses are known by their values: those of measures, and those of kinds in every form that they take."""

from __future__ import annotations

import numpy as np
import pytest

from dropnorm import quiet

quiet.start()

import keras  # noqa: E402

from grader.criteria.compiled import IN_WORDS  # noqa: E402
from grader.losses import loss_name, loss_of  # noqa: E402
from grader.spec_rules import CLASS_LOSSES, LOGITS, LOSSES, SUM  # noqa: E402
from grader.trained import compiled_loss, cross_entropy  # noqa: E402

NAMES = [name + added for name in CLASS_LOSSES for added in ("", f":{SUM}", f":{LOGITS}")]


@pytest.mark.parametrize("name", [*NAMES, f"binary_crossentropy:{LOGITS}"])
def test_a_loss_of_kinds_is_known_again(name: str) -> None:
    assert loss_name(loss_of(name)) == name


@pytest.mark.parametrize(
    ("loss", "name"),
    [
        (keras.losses.sparse_categorical_crossentropy, "sparse_categorical_crossentropy"),
        (lambda y, p: keras.losses.categorical_crossentropy(y, p, from_logits=True), "categorical_crossentropy:logits"),
        (["sparse_categorical_crossentropy"], "sparse_categorical_crossentropy"),
        (keras.losses.KLDivergence(), "kl_divergence"),
        (keras.losses.CategoricalCrossentropy(label_smoothing=0.1), "unknown"),
        (keras.losses.CategoricalHinge(), "unknown"),
        (lambda y, p: keras.ops.mean(p), "unknown"),
        (lambda y, p: 0.0 * keras.ops.mean(p), "unknown"),
        ("crossentropy", "unknown"),
        (None, "none"),
    ],
)
def test_a_loss_has_the_name_of_what_it_does(loss: object, name: str) -> None:
    assert loss_name(loss) == name


def kinds_network(*end: keras.layers.Layer, loss: object) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """A network with scores of some size, its rows and their kinds."""
    keras.utils.set_random_seed(0)
    wide = keras.initializers.RandomNormal(stddev=2.0)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3, kernel_initializer=wide), *end])
    model.compile(loss=loss)
    X = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    return model, X, np.arange(40) % 3


def test_the_cross_entropy_is_that_of_keras_for_probabilities_and_for_scores() -> None:
    sparse = keras.losses.SparseCategoricalCrossentropy
    for end, scores in ((keras.layers.Softmax(),), False), ((), True):
        model, X, y = kinds_network(*end, loss=sparse(from_logits=scores))
        logged = model.evaluate(X, y, verbose=0)
        assert cross_entropy(model, X, y, scores=scores) == pytest.approx(logged, rel=1e-5)
        assert compiled_loss(model, X, y) == pytest.approx(logged, rel=1e-6)


def test_a_label_without_a_unit_has_no_cross_entropy() -> None:
    model, X, y = kinds_network(keras.layers.Softmax(), loss="sparse_categorical_crossentropy")
    assert np.isnan(cross_entropy(model, X, y + 1))


def test_where_keras_finds_the_scores_behind_a_softmax_the_loss_is_found_as_it_was_logged() -> None:
    """Scores far apart: of probabilities that are rounded to 0 or 1 another loss would come."""
    model, X, y = kinds_network(keras.layers.Softmax(), loss="sparse_categorical_crossentropy")
    logged = model.evaluate(20 * X, y, verbose=0)
    assert compiled_loss(model, 20 * X, y) == pytest.approx(logged, rel=1e-6)
    assert cross_entropy(model, 20 * X, y) < 0.95 * logged


def test_each_loss_that_has_a_name_has_it_in_words() -> None:
    assert set(IN_WORDS) == {*LOSSES, *CLASS_LOSSES}
