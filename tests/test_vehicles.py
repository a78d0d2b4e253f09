"""The pictures of vehicles: the same for a seed, alike in another colour, and told apart by shape alone."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from dropnorm.vehicles import COLOURS, KINDS, SIZE, Vehicles, draw, split_vehicles

CHANCE = 1 / len(KINDS)


@pytest.fixture(scope="module")
def many() -> Vehicles:
    return draw(3000, 0)


def body(count: int, seed: int) -> np.ndarray:
    """``(count, 64, 64)``: where the body is, which is what differs between a blue draw and a red one."""
    blue, red = (draw(count, seed, colour).pictures for colour in ("blue", "red"))
    return (blue != red).any(axis=-1)


def test_a_seed_draws_what_it_always_drew() -> None:
    """A change of this digest is a change of every number that the course measured on the pictures."""
    drawn = draw(12, 0)
    digest = hashlib.sha256(drawn.pictures.tobytes()).hexdigest()
    assert digest[:16] == "2199cfb7246bf250"
    assert drawn.colours.tolist() == [
        "black",
        "white",
        "black",
        "green",
        "yellow",
        "red",
        "blue",
        "red",
        "white",
        "green",
        "black",
        "blue",
    ]


def test_another_seed_draws_other_pictures() -> None:
    assert not (draw(6, 1).pictures == draw(6, 2).pictures).all(axis=(1, 2, 3)).any()


def test_a_longer_draw_begins_with_the_shorter_one(many: Vehicles) -> None:
    short = draw(7, 0)
    np.testing.assert_array_equal(short.pictures, many.pictures[:7])
    np.testing.assert_array_equal(short.kinds, many.kinds[:7])
    np.testing.assert_array_equal(short.colours, many.colours[:7])
    assert len(short) == 7


def test_pictures_are_pictures_and_use_their_range(many: Vehicles) -> None:
    assert many.pictures.shape == (3000, SIZE, SIZE, 3) and many.pictures.dtype == np.uint8
    assert np.issubdtype(many.kinds.dtype, np.integer) and set(many.kinds) == set(range(len(KINDS)))
    of_each = many.pictures.reshape(3000, -1)
    assert (of_each.std(axis=1) > 10).all()  # no picture is one grey
    assert ((many.pictures == 0) | (many.pictures == 255)).mean() < 0.002  # and few values are cut off


def test_there_are_equally_many_of_each_kind(many: Vehicles) -> None:
    assert np.bincount(many.kinds).tolist() == [1000] * 3
    assert np.bincount(draw(8, 3).kinds).tolist() == [3, 3, 2]


def test_a_vehicle_is_wholly_in_its_picture() -> None:
    seen = body(300, 4)
    assert not seen[:, [0, -1]].any() and not seen[:, :, [0, -1]].any()
    share = seen.mean(axis=(1, 2))
    assert share.min() > 0.05 and share.max() < 0.25


def test_the_colour_is_drawn_as_often_for_every_kind(many: Vehicles) -> None:
    names, colours = np.unique(many.colours, return_inverse=True)
    assert set(names) == set(COLOURS)
    counts = np.zeros((len(KINDS), len(COLOURS)))
    np.add.at(counts, (many.kinds, colours), 1)
    assert np.abs(counts / 1000 - 1 / len(COLOURS)).max() < 0.05  # four standard deviations


def test_the_mean_colour_does_not_tell_the_kind(many: Vehicles) -> None:
    """Neither to a line nor to a forest."""
    means = many.pictures.mean(axis=(1, 2))
    linear = make_pipeline(StandardScaler(), LogisticRegression())
    forest = RandomForestClassifier(100, min_samples_leaf=20, random_state=0)
    for model in (linear, forest):
        assert cross_val_score(model, means, many.kinds, cv=5).mean() == pytest.approx(CHANCE, abs=0.035)


def test_every_kind_shows_equally_much_of_its_paint() -> None:
    """Else the larger kind would be the more colourful one."""
    areas = body(300, 8).sum(axis=(1, 2)).reshape(-1, len(KINDS)).mean(axis=0)
    assert areas.max() / areas.min() < 1.05


@pytest.mark.parametrize(("colour", "channel"), [("red", 0), ("blue", 2)])
def test_a_colour_that_is_asked_for_is_the_only_one(colour: str, channel: int) -> None:
    vehicles = draw(90, 6, colour)
    assert set(vehicles.colours) == {colour}
    painted = np.where(body(90, 6)[..., None], vehicles.pictures, 0).sum(axis=(1, 2))
    assert (painted.argmax(axis=1) == channel).all()


def test_another_colour_changes_the_paint_alone() -> None:
    blue, any_colour = draw(60, 7, "blue"), draw(60, 7)
    np.testing.assert_array_equal(blue.kinds, any_colour.kinds)
    same = any_colour.colours == "blue"
    assert same.any()
    np.testing.assert_array_equal(blue.pictures[same], any_colour.pictures[same])
    assert ((blue.pictures == any_colour.pictures).mean(axis=(1, 2, 3)) > 0.7).all()


def test_parts_are_draws_from_seeds_of_their_own() -> None:
    parts = split_vehicles(30, 12, 9, seed=2)
    for part, count, seed in ((parts.training, 30, 6), (parts.validation, 12, 7), (parts.test, 9, 8)):
        np.testing.assert_array_equal(part.pictures, draw(count, seed).pictures)
    pictures = np.concatenate([part.pictures for part in (parts.training, parts.validation, parts.test)])
    assert len(np.unique(pictures.reshape(51, -1), axis=0)) == 51


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"count": 0}, "The count is a whole number of at least 1, not 0."),
        ({"count": 2.5}, "The count is a whole number of at least 1, not 2.5."),
        ({"count": True}, "The count is a whole number of at least 1, not True."),
        ({"seed": -1}, "The seed is a whole number of at least 0, not -1."),
        ({"seed": None}, "The seed is a whole number of at least 0, not None."),
        (
            {"colour": "purple"},
            "There is no colour 'purple'; choose one of blue, red, green, yellow, white, black, or None for any.",
        ),
        (
            {"colour": ["blue"]},
            "There is no colour ['blue']; choose one of blue, red, green, yellow, white, black, or None for any.",
        ),
    ],
)
def test_a_bad_argument_is_answered_in_one_sentence(arguments: dict, sentence: str) -> None:
    with pytest.raises(ValueError) as raised:
        draw(**({"count": 3, "seed": 0} | arguments))
    assert str(raised.value) == sentence


def test_a_split_takes_no_seed_below_zero() -> None:
    with pytest.raises(ValueError, match=r"^The seed is a whole number of at least 0, not -1\.$"):
        split_vehicles(3, 3, 3, seed=-1)
