"""The settings of `PlacementLab`: networks of the table of placement, what is swept first, and what it refuses."""

from __future__ import annotations

import re

import pytest

from dropnorm.experiments.placement import AFTER, BEFORE, DROPOUT_FIRST, NETWORKS, layers_of
from dropnorm.lab import PlacementLab
from dropnorm.lab.placement_setting import INPUT_RATES, ORDERS, PlacementSetting, label
from dropnorm.sweep.plan import Dense, Dropout


def test_orders_are_those_of_the_table_with_bias_and_dropout_where_they_are_asked_for():
    conventional = {BEFORE: False}  # of the table's networks, the one without bias
    for network in NETWORKS:
        if network in ORDERS:
            setting = PlacementSetting(network, bias=conventional.get(network, True))
            assert setting.layers == layers_of(network)
    assert set(NETWORKS) - set(ORDERS) == {"before, with bias"}
    assert PlacementSetting(BEFORE).layers == layers_of("before, with bias")
    for order in ORDERS:
        setting = PlacementSetting(order, bias=False, input_dropout=0.2)
        assert setting.layers[0] == Dropout(0.2)
        assert {layer.use_bias for layer in setting.layers[:-1] if isinstance(layer, Dense)} == {False}
        assert setting.layers[-1] == Dense(1)
    redundant = [order for order in ORDERS if PlacementSetting(order).redundant_bias]
    assert redundant == [BEFORE, "before, then dropout"]
    dropped = [order for order in ORDERS if PlacementSetting(order).drops_before_norm]
    assert dropped == ["before, then dropout", "batch norm, then dropout", DROPOUT_FIRST]
    assert PlacementSetting(AFTER, input_dropout=0.1).drops_before_norm
    assert [label(order) for order in (AFTER, "dropout at the end only")] == [
        "Dense → relu → BN",
        "Dense → relu → BN, Dropout at the end",
    ]


def test_the_shown_setting_is_swept_first_then_what_one_press_leads_to():
    setting = PlacementSetting(seed=3)
    plans = setting.sweep()
    assert len(plans) == len(set(plans)) == 5 * (len(ORDERS) + 1 + len(INPUT_RATES) - 1)
    assert plans[0] == setting.plan() and plans[0].seed == 3
    near = [plan.seed for plan in plans[: len(plans) // 5]]
    assert set(near) == {3}
    assert plans[len(plans) // 5 : len(plans) // 5 + 4] == [setting.plan(run) for run in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (
            {"order": "behind"},
            "order='behind' is not among the lab's choices: 'without', 'before', 'after', 'dropout', ",
        ),
        ({"order": 3}, "order=3 is not among the lab's choices"),
        ({"order": object()}, "PlacementLab takes the order of layers in a block and settings"),
        ({"bias": "yes"}, "bias is True or False; this is 'yes'."),
        ({"bias": 1}, "bias is True or False; this is 1."),
        ({"input_dropout": 0.25}, "input_dropout is 0 or 0.1 or 0.2 or 0.3 or 0.5; this is 0.25."),
        ({"input_dropout": True}, "this is True."),
        ({"input_dropout": float("nan")}, "this is nan."),
        ({"inputs": "scaled"}, "inputs='scaled' is not among the lab's choices: 'raw', 'standardised'."),
        ({"inputs": ["raw"]}, "inputs=['raw'] is not among"),
        ({"seed": -1}, "whole number from 0 to 2147483647; this is -1."),
        ({"seed": 1.5}, "this is 1.5."),
        ({"rate": 0.3}, "PlacementLab has no setting rate; it has order, bias, input_dropout, inputs and seed."),
    ],
)
def test_what_it_does_not_offer_is_said_in_a_sentence(arguments, sentence):
    with pytest.raises((TypeError, ValueError), match=re.escape(sentence)) as raised:
        PlacementLab(**arguments)
    assert "\n" not in str(raised.value)
