import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from wetdry.cascade.metrics.frechet import frechet_distance
from wetdry.errors import AudioError


def cloud(seed, items, dims, spread=1.0):
    rng = np.random.default_rng(seed)
    return spread * rng.standard_normal((items, dims)) @ rng.standard_normal((dims, dims))


def standardized(items, dims, deviations):
    """Return a cloud whose covariance is exactly diagonal."""
    raw = np.random.default_rng(0).standard_normal((items, dims))
    orthogonal = np.linalg.qr(raw - raw.mean(0)).Q
    return np.sqrt(items - 1) * orthogonal * deviations


def by_matrix_root(first, second):
    one, two = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    root = scipy.linalg.sqrtm(one @ two).real
    shift = first.mean(0) - second.mean(0)
    return float(shift @ shift + np.trace(one + two - 2 * root))


def test_it_is_what_the_matrix_root_gives_where_that_is_well_defined():
    first, second = cloud(0, 200, 8), cloud(1, 150, 8) + 0.5
    found = frechet_distance(first, second)
    assert found.total == pytest.approx(by_matrix_root(first, second), rel=1e-9)
    assert (found.count_reference, found.count_estimate) == (200, 150)


def test_gaussians_of_diagonal_covariance_have_the_closed_form():
    first, second = np.array([1.0, 2.0, 0.0, 4.0]), np.array([3.0, 2.0, 1.0, 0.5])
    shift = np.array([1.0, 0.0, -2.0, 0.0])
    found = frechet_distance(standardized(50, 4, first), standardized(50, 4, second) + shift)
    assert found.mean_term == pytest.approx(5.0)
    assert found.covariance_term == pytest.approx(np.sum((first - second) ** 2))


@settings(max_examples=20, deadline=None)
@given(items=st.integers(2, 40), seed=st.integers(0, 1000))
def test_few_items_in_many_dimensions_are_no_special_case(items, seed):
    first, second = cloud(seed, items, 60), cloud(seed + 1, 30, 60)
    padded = frechet_distance(np.pad(first, ((0, 0), (0, 40))), np.pad(second, ((0, 0), (0, 40))))
    found = frechet_distance(first, second)
    assert found.total == pytest.approx(padded.total, rel=1e-9)
    assert found.covariance_term >= 0
    assert frechet_distance(second, first).total == pytest.approx(found.total, rel=1e-9)


def test_rank_deficient_clouds_agree_with_the_root_of_regularized_covariances():
    first, second = cloud(0, 10, 30), cloud(1, 12, 30)
    one, two = (np.cov(c, rowvar=False) + 1e-10 * np.eye(30) for c in (first, second))
    half = scipy.linalg.sqrtm(one)
    root = np.sqrt(np.maximum(np.linalg.eigvalsh(half @ two @ half), 0)).sum()
    expected = np.trace(one) + np.trace(two) - 2 * root
    assert frechet_distance(first, second).covariance_term == pytest.approx(expected, rel=1e-3)


def test_a_cloud_is_at_no_distance_from_itself_however_its_items_are_ordered():
    first = cloud(0, 40, 6)
    found = frechet_distance(first, first[::-1])
    assert found.total == pytest.approx(0, abs=1e-9)


def test_a_shift_is_in_the_mean_term_and_a_spread_in_the_covariance_term():
    first = cloud(0, 40, 6)
    shifted, spread = frechet_distance(first, first + 2), frechet_distance(first, 3 * first)
    assert shifted.mean_term == pytest.approx(24)
    assert shifted.covariance_term == pytest.approx(0, abs=1e-9)
    trace = np.trace(np.cov(first, rowvar=False))
    assert spread.covariance_term == pytest.approx(4 * trace)


def test_a_cloud_without_spread_is_a_cloud():
    first = cloud(0, 40, 6)
    found = frechet_distance(first, np.zeros((40, 6)))
    assert found.covariance_term == pytest.approx(np.trace(np.cov(first, rowvar=False)))


@pytest.mark.parametrize(
    "bad",
    [np.zeros((1, 3)), np.zeros((0, 3)), np.zeros(3), np.full((4, 3), np.nan), cloud(0, 4, 2)],
)
def test_what_is_no_cloud_is_refused(bad):
    with pytest.raises(AudioError, match="wanted"):
        frechet_distance(cloud(0, 5, 3), bad)
