"""Which specs the sweep's engine trains, and as what."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dropnorm import quiet
from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Relu
from dropnorm.sweep.runs import Network
from grader.candidates import CANDIDATES
from grader.exercises import exercise
from grader.sweeping import plan_of

ALL = [(name, model) for name, models in CANDIDATES.items() for model in models]
UNKNOWN = {"AlphaDropout", "LayerNormalization", "frozen", "not centred"}


def test_the_references_are_plans():
    spotify = plan_of(exercise("spotify_model").reference, 7, "once")
    assert spotify.layers == (Dense(128), Relu(), Dropout(0.3), Dense(64), Relu(), Dropout(0.3), Dense(1))
    assert (spotify.optimizer, spotify.learning_rate, spotify.epochs, spotify.batch_size) == ("adam", 0.001, 50, 512)
    assert (spotify.seed, spotify.shuffle) == (7, "once")
    concrete = plan_of(exercise("concrete_model").reference, 0, "each epoch")
    assert concrete.layers == (*(BatchNorm(), Dense(512), Relu()) * 3, BatchNorm(), Dense(1))
    assert (concrete.optimizer, concrete.learning_rate, concrete.shuffle) == ("sgd", 0.01, "each epoch")
    placement = plan_of(exercise("placement_model").reference, 0, "once")
    assert placement.layers == (*(Dense(512, use_bias=False), BatchNorm(), Relu()) * 3, Dense(1))


@pytest.mark.parametrize("name, model", ALL, ids=lambda value: value)
def test_a_plan_has_the_weights_of_the_model_that_the_spec_builds(name, model):
    quiet.start()
    spec = CANDIDATES[name][model].spec
    plan = plan_of(spec, 0, "once")
    assert (plan is None) == (model in UNKNOWN or name == "vehicles_model")  # which has a loss of kinds
    if plan is not None:
        built = spec.build()
        shapes = [tuple(variable.shape) for variable in built.trainable_variables]
        assert [each.shape for each in Network(plan, spec.inputs).arrays] == shapes


def test_what_the_engine_would_train_as_something_else_is_no_plan():
    reference = exercise("spotify_model").reference
    first, *rest = reference.operations
    for changed in (
        replace(first, trainable=False),
        replace(first, forced_training=True),
    ):
        assert plan_of(replace(reference, operations=(changed, *rest)), 0, "once") is None
    for compiled in (
        replace(reference.compile, loss="mean_squared_error"),
        replace(reference.compile, optimizer="lion"),
    ):
        assert plan_of(replace(reference, compile=compiled), 0, "once") is None
    assert plan_of(replace(reference, fit=None), 0, "once") is None
