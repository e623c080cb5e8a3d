"""Moment matching: how the priors of a recipe move so that what it makes is like what was measured.

Every control acts on its feature in dB for dB, or nearly: places move by what is missing, and
variances, which add up, by what is missing of them. What they do to each other is left to the
next round.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ...audio import STEM_CLASSES
from ...degradations import Bell, Tilt
from ...mixing.mix_features import FLOORS_DB, octaves_below
from .recipe import BELL_Q, Controls, Prior

__all__ = ["ENOUGH", "Values", "first_controls", "moved", "set_by"]

Values: TypeAlias = Mapping[str, NDArray[np.float64]]
"""What was measured: for each feature one value a mix or sample in which it is there."""

ENOUGH = 4
"""Values of a feature, below which nothing is said about its distribution."""

CAUTION = 1e-2
"""Weight of the bells' own gains against what they leave missing: they stay out of a quarrel."""


def set_by(feature: str) -> str:
    """Return which number of a recipe sets a feature; empty if none does by itself.

    >>> set_by("octave_63_hz_db"), set_by("correlation")
    ('bell', '')
    """
    if feature.endswith("_over_mix_db"):
        return "levels"
    if feature.startswith("octave_"):
        return "bell"
    return {
        "loudness_lufs": "target_lufs",
        "true_peak_dbtp": "ceiling_dbtp",
        "crest_db": "ceiling_dbtp",
        "slope_db_per_octave": "tilt, bell",
        "side_db": "side_db",
    }.get(feature, "")


def first_controls(
    had: Values, levels: Mapping[str, list[float]], mix_loudness: list[float], sample_rate: int
) -> Controls:
    """Return the controls under which a recipe does what it did when it was measured.

    Parameters
    ----------
    had : Values
        Of the recipe as it is.
    levels : mapping of class to list of float
        The loudness that its tracks had in the mix, in LUFS.
    mix_loudness : list of float
        To which its mixes were brought before a master chain; empty to leave that alone.
    sample_rate : int
        In Hz.
    """
    lufs, peak = had["loudness_lufs"], had["true_peak_dbtp"]
    return Controls(
        loudness_lufs={
            name: _level_prior(np.array(levels[name]))
            for name in STEM_CLASSES
            if len(levels.get(name, [])) >= ENOUGH
        },
        mix_loudness_lufs=_prior(np.array(mix_loudness), -45, -3) if mix_loudness else None,
        tilt_db=Prior(0.0, 0.0, -12, 12, 4),
        bells_db={hz: Prior(0.0, 0.0, -18, 18, 3) for hz in octaves_below(sample_rate)},
        side_db=Prior(0.0, 0.0, -24, 24, 6),
        target_lufs=_prior(lufs, -39, -4.5),
        ceiling_dbtp=_prior(peak, -18, 0),
    )


def _prior(values: NDArray[np.float64], low: float, high: float) -> Prior:
    """Return a prior with the moments of some values."""
    place, spread = _place_and_spread(values)
    return Prior(min(max(place, low), high), spread, low, high)


def _level_prior(levels: NDArray[np.float64]) -> Prior:
    """Return the prior of a class's loudness: half to twice as wide as it was.

    The balance of a class also differs by what else plays; without a spread of its own a model
    would learn the level.
    """
    prior = _prior(levels, -55, -5)
    return replace(prior, narrowest=prior.deviation / 2, widest=prior.deviation * 2)


def moved(controls: Controls, wanted: Values, had: Values, sample_rate: int) -> Controls:
    """Return the controls of the next round.

    Parameters
    ----------
    controls : Controls
        Of the round that was measured.
    wanted, had : Values
        Of the released mixes, and of what the recipe made.
    sample_rate : int
        In Hz.
    """
    mix_loudness = controls.mix_loudness_lufs
    if mix_loudness:  # the louder into the base's master, the smaller the crest factor
        missing, _ = _missing(wanted["crest_db"], had["crest_db"])
        mix_loudness = mix_loudness.moved(-missing)
    tilt_db, bells_db = _equalized(controls, wanted, had, sample_rate)
    direct = {
        name: getattr(controls, name).moved(*_missing(wanted[feature], had[feature]))
        for name, feature in (
            ("side_db", "side_db"),
            ("target_lufs", "loudness_lufs"),
            ("ceiling_dbtp", "true_peak_dbtp"),
        )
    }
    if had["side_db"].max() <= FLOORS_DB["side"]:  # nothing there that could be made wider
        direct["side_db"] = controls.side_db
    _, spread = _place_and_spread(
        wanted["true_peak_dbtp"]
    )  # where nothing reaches the ceiling, it is idle
    direct["ceiling_dbtp"] = replace(direct["ceiling_dbtp"], widest=spread).moved(0)
    return Controls(
        loudness_lufs=_balanced(controls, wanted, had),
        mix_loudness_lufs=mix_loudness,
        tilt_db=tilt_db,
        bells_db=bells_db,
        **direct,
    )


def _missing(wanted: NDArray[np.float64], had: NDArray[np.float64]) -> tuple[float, float]:
    """Return what is missing of place and variance, as far as it is more than chance.

    The place is the median: moving by the difference of medians takes most off a Wasserstein
    distance, and a few mixes that are mono or without drums do not carry the rest away. The
    spread is that of the middle 68 % for the same reason. Places within half a standard error,
    and variances within one, are left: the next handful of excerpts would take them back.
    """
    (place, spread), (had_place, had_spread) = map(_place_and_spread, (wanted, had))
    each = [(s**2, len(v)) for s, v in ((spread, wanted), (had_spread, had))]
    place_error = sum(OF_MEDIAN * variance / count for variance, count in each)
    variance_error = sum(OF_VARIANCE * variance**2 / count for variance, count in each)
    return (
        _shrunk(place - had_place, place_error / 4),
        _shrunk(spread**2 - had_spread**2, variance_error),
    )


OF_MEDIAN, OF_VARIANCE = 1.57, 3.7
"""Sampling variances of these two, for one value of a normal distribution of variance 1."""


def _place_and_spread(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the median, and half the width of the middle 68 %: one standard deviation."""
    low, middle, high = np.percentile(values, (15.87, 50, 84.13))
    return float(middle), float(high - low) / 2


def _shrunk(difference: float, variance_of_error: float) -> float:
    """Return a difference less its share of chance (the positive part of James and Stein)."""
    if difference**2 <= variance_of_error:
        return 0.0
    return difference * (1 - variance_of_error / difference**2)


def _balanced(controls: Controls, wanted: Values, had: Values) -> dict[str, Prior]:
    """Return the loudness of each class.

    Classes are measured against their sum, so that what is common to all is free: where all
    move, their mean stays, for the sake of chains whose thresholds depend on it.
    """
    moves = {
        name: _missing(wanted[feature], had[feature])
        for name in controls.loudness_lufs
        if (feature := f"{name}_over_mix_db")
        and min(len(side.get(feature, ())) for side in (wanted, had)) >= ENOUGH
    }
    all_move = all(name in moves for name in STEM_CLASSES if f"{name}_over_mix_db" in had)
    common = float(np.mean([by for by, _ in moves.values()])) if moves and all_move else 0.0
    return {
        name: prior.moved(moves[name][0] - common, moves[name][1]) if name in moves else prior
        for name, prior in controls.loudness_lufs.items()
    }


def _equalized(
    controls: Controls, wanted: Values, had: Values, sample_rate: int
) -> tuple[Prior, dict[int, Prior]]:
    """Return tilt and bells: means by least squares, variances by non-negative least squares.

    Octaves that differ together do so by the tilt, as far as it reaches; the bells have the rest.
    """
    from scipy.optimize import nnls

    features = [f"octave_{hz}_hz_db" for hz in controls.bells_db] + ["slope_db_per_octave"]
    missing = np.array([_missing(wanted[name], had[name]) for name in features])
    means = np.array([had[name].mean() for name in features[:-1]])
    effect = _per_db(tuple(10 ** (means / 10)), tuple(controls.bells_db), sample_rate)
    bells = effect[:-1, 1:]
    normal = bells.T @ bells + CAUTION * np.eye(bells.shape[1])
    gains_db = np.linalg.solve(normal, bells.T @ missing[:-1, 0])
    priors = [controls.tilt_db, *controls.bells_db.values()]
    there = np.square([prior.deviation for prior in priors])
    squares = np.square(effect)
    due = np.maximum(squares @ there + missing[:, 1], 0)
    tilt_variance = due[-1] / squares[-1, 0]
    rest = np.maximum(due[:-1] - squares[:-1, 0] * tilt_variance, 0)
    variances = np.append(tilt_variance, nnls(squares[:-1, 1:], rest)[0])
    by = zip(priors, (0.0, *gains_db), variances - there, strict=True)
    tilt, *others = (prior.moved(float(mean), float(more)) for prior, mean, more in by)
    return tilt, dict(zip(controls.bells_db, others, strict=True))


def _per_db(
    powers: tuple[float, ...], centres_hz: tuple[int, ...], sample_rate: int
) -> NDArray[np.float64]:
    """Return what one dB of the tilt and of each bell does to each octave and to the slope.

    Octaves are measured against the whole, which a bell raises too, by the share of the power
    that lies where it works.
    """
    plain = _responses(centres_hz, sample_rate)
    shares = np.array(powers) / sum(powers)
    octaves = plain - (shares[:, np.newaxis] * plain).sum(axis=0)
    inner = octaves[1:9]
    places = np.arange(len(inner)) - (len(inner) - 1) / 2
    slope = (places[:, np.newaxis] * inner).sum(axis=0) / np.square(places).sum()
    return np.vstack([octaves, slope])


@cache
def _responses(centres_hz: tuple[int, ...], sample_rate: int) -> NDArray[np.float64]:
    """Return the gain in dB that one dB of the tilt and of each bell has in each octave."""
    from scipy.signal import sosfreqz

    edges = [hz * 2.0 ** np.linspace(-0.5, 0.5, 9) for hz in centres_hz]
    hz = np.minimum(np.concatenate(edges), 0.49 * sample_rate)
    effects = [Tilt(gain_db=1), *(Bell(centre_hz=c, gain_db=1, q=BELL_Q) for c in centres_hz)]
    columns = [
        20 * np.log10(np.abs(sosfreqz(e.sections(sample_rate), hz, fs=sample_rate)[1]))
        for e in effects
    ]
    by_octave = np.array(columns).reshape(len(effects), len(centres_hz), 9).mean(axis=2)
    return np.asarray(by_octave.T)
