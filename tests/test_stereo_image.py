"""Dynamics whose channels share one gain leave a panned source where it is."""

import numpy as np
import pytest

from wetdry import audio
from wetdry.degradations import (
    Compressor,
    Deesser,
    Ducking,
    Effect,
    Expander,
    Gate,
    Limiter,
    LoudnessLimiter,
    MultibandCompressor,
    TransientShaper,
    UpwardCompressor,
)

RATE = 48_000
TIME = np.arange(RATE) / RATE
LINKED = [
    Compressor(threshold_db=-40, ratio=8, detector="rms"),
    Compressor(threshold_db=-30, ratio=20, attack_ms=0.1, release_ms=20),
    UpwardCompressor(threshold_db=-3, ratio=4),
    Expander(threshold_db=-3, ratio=3),
    Gate(threshold_db=-10, attack_ms=50),
    Ducking(threshold_db=-20, depth_db=12),
    Deesser(threshold_db=-60, range_db=24, q=0.3),
    TransientShaper(attack_db=12, sustain_db=12),
    Limiter(ceiling_dbtp=-20),
    LoudnessLimiter(target_lufs=-10, ceiling_dbtp=-12),
    MultibandCompressor(thresholds_db=(-40, -40, -40), ratios=(8, 4, 8)),
]


def level_db(sound):
    return 20 * np.log10(sound.astype(np.float64).std(axis=1))


def shift_db(effect, mono, rate, pan_db):
    """By how much the level of left over right changes; that something was done is checked."""
    gains = np.array([[10 ** (pan_db / 20)], [1.0]])
    dry = np.asarray(gains * mono / gains.max(), np.float32)
    wet = effect(dry, rate)
    gain = float(np.vdot(wet, dry) / np.vdot(dry, dry))
    assert np.std(wet - gain * dry) > 1e-4 * np.std(wet)  # not even a plain gain
    return float(np.diff(level_db(wet) - level_db(dry))[0])


def test_every_effect_of_the_family_is_here():
    dynamics = {kind for kind, effect in Effect.kinds.items() if effect.label == "dynamics"}
    assert {effect.kind for effect in LINKED} == dynamics


@pytest.mark.parametrize("pan_db", [-20, 3, 12])
@pytest.mark.parametrize("effect", LINKED, ids=str)
def test_a_panned_sound_stays_where_it_is(effect, pan_db):
    tones = 0.5 * np.sin(2 * np.pi * 220 * TIME) + 0.25 * np.sin(2 * np.pi * 6000 * TIME)
    sound = tones * (1 + np.sin(9 * TIME)) / 2
    assert abs(shift_db(effect, sound, RATE, pan_db)) < 0.01


@pytest.mark.stems
@pytest.mark.parametrize("effect", LINKED, ids=str)
def test_a_panned_real_stem_stays_where_it_is(effect, real_stems):
    for path in sorted(real_stems.glob("*/*/*.flac"))[::9]:
        sound, rate = audio.read(path)
        part = sound[:1, 5 * rate : 10 * rate]
        if np.abs(part).max() > 0.05:
            assert abs(shift_db(effect, part / np.abs(part).max(), rate, 9)) < 0.1


def test_unlinked_channels_do_move_it():
    sound = 0.5 * np.sin(2 * np.pi * 220 * TIME)
    alone = Compressor(threshold_db=-40, ratio=8, link=0)
    assert abs(shift_db(alone, sound * np.sin(9 * TIME), RATE, 12)) > 5
