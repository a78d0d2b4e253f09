"""Distances of clouds, and batch normalization in plain NumPy: by hand, and against Keras' layer."""

from __future__ import annotations

import numpy as np
import pytest

from dropnorm import clouds


def two_clouds(rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Wide along the first of three features, apart along the second."""
    generator = np.random.default_rng(0)
    values = generator.standard_normal((2, rows, 3)) * [5, 1, 0.5]
    return values[0], values[1] + [0, 4, 0]


def test_the_separation_is_distance_over_spread() -> None:
    a = np.array([[0.0, 0.0], [2.0, 0.0]])
    assert clouds.separation(a, a + np.array([0, 3])) == pytest.approx(3)  # the spread within is 1
    assert clouds.separation(a[:, 0], a[:, 0] + 5) == pytest.approx(5)
    assert clouds.separation(a, a[::-1]) == 0


def test_a_map_that_both_clouds_share_leaves_each_feature_s_separation() -> None:
    a, b = two_clouds()
    scale, offset = np.array([3.0, -0.2, 10]), np.array([1.0, 2, -7])
    np.testing.assert_allclose(clouds.separations(a * scale + offset, b * scale + offset), clouds.separations(a, b))
    unvaried = np.zeros((len(a), 1))
    assert len(clouds.separations(np.hstack([a, unvaried]), np.hstack([b, unvaried]))) == 3


def test_the_plane_shows_the_clouds_apart_and_then_the_largest_spread() -> None:
    a, b = two_clouds()
    axes = clouds.plane(a, b)
    np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-9)
    np.testing.assert_allclose(np.abs(axes), [[0, 1, 0], [1, 0, 0]], atol=0.1)
    assert clouds.separation(a @ axes[0], b @ axes[0]) >= clouds.separations(a, b).max()


def test_batch_normalization_is_that_of_keras() -> None:
    """In training mode and, after the same batches, at inference."""
    import keras

    a, b = (cloud.astype(np.float32) for cloud in two_clouds(64))
    layer = keras.layers.BatchNormalization()
    for batch in (a, b, a):
        found = np.array(layer(batch, training=True))
        np.testing.assert_allclose(clouds.normalized(batch, *clouds.moments(batch)), found, atol=1e-4)
    at_inference = clouds.normalized(b, *clouds.moving_moments([a, b, a]))
    np.testing.assert_allclose(at_inference, np.array(layer(b, training=False)), rtol=1e-3, atol=1e-4)


def test_in_one_mixed_batch_nothing_is_mended_and_in_batches_of_one_cloud_all_is() -> None:
    a, b = two_clouds()
    mean, variance = clouds.moments(np.concatenate([a, b]))
    mixed = clouds.separations(clouds.normalized(a, mean, variance), clouds.normalized(b, mean, variance))
    np.testing.assert_allclose(mixed, clouds.separations(a, b))
    alone = [clouds.normalized(cloud, *clouds.moments(cloud)) for cloud in (a, b)]
    assert clouds.separation(*alone) < 1e-9
