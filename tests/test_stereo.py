"""The stereo image: laws of pan pots, mid and side, and what gives it back."""

import numpy as np
import pytest

from wetdry.degradations import (
    Chain,
    ChannelImbalance,
    ChannelSwap,
    Haas,
    MidSideGain,
    MonoMaker,
    Pan,
    Polarity,
    Width,
)
from wetdry.mixing.panning import place

RATE = 48_000
DRY = np.random.default_rng(0).standard_normal((2, RATE)).astype(np.float32) * 0.1
LAWS = ["constant_power", "compromise", "linear"]


def mid_side(audio):
    left, right = audio.astype(np.float64)
    return np.stack([left + right, left - right]) / 2


def gains_db(effect, dry=DRY):
    """The gain of each channel."""
    return 20 * np.log10(effect(dry, RATE).std(axis=1) / dry.std(axis=1))


@pytest.mark.parametrize("width", [0, 0.3, 1, 2])
def test_width_scales_the_side_and_leaves_the_mid(width):
    mid, side = mid_side(Width(width=width)(DRY, RATE))
    expected = mid_side(DRY)
    assert mid == pytest.approx(expected[0], abs=1e-7)
    assert side == pytest.approx(width * expected[1], abs=1e-7)


def test_mid_and_side_get_the_gains_asked_for():
    mid, side = mid_side(MidSideGain(mid_db=-6.0206, side_db=12.0412)(DRY, RATE))
    expected = mid_side(DRY)
    assert mid == pytest.approx(expected[0] / 2, abs=1e-6)
    assert side == pytest.approx(expected[1] * 4, abs=1e-6)


def test_an_imbalance_is_had_in_full_and_shared_by_both_channels():
    assert gains_db(ChannelImbalance(imbalance_db=5)) == pytest.approx([-2.5, 2.5], abs=1e-4)


def test_polarity_and_swap_touch_no_bit_but_the_sign():
    for word, signs in (("left", (-1, 1)), ("right", (1, -1)), ("both", (-1, -1))):
        turned = Polarity(channels=word)(DRY, RATE)
        assert np.array_equal(turned, DRY * np.array(signs, np.float32)[:, np.newaxis])
    assert np.array_equal(ChannelSwap()(DRY, RATE), DRY[::-1])


@pytest.mark.parametrize(
    "law, rise_db", [("constant_power", 3.01), ("compromise", 4.515), ("linear", 6.02)]
)
def test_a_pan_law_is_how_much_the_side_rises_above_the_middle(law, rise_db):
    assert np.allclose(Pan(position=0, law=law)(DRY, RATE), DRY, atol=1e-7)
    right_only = Pan(position=1, law=law)(DRY, RATE)
    assert np.abs(right_only[0]).max() < 1e-7
    assert 20 * np.log10(right_only[1].std() / DRY[1].std()) == pytest.approx(rise_db, abs=0.01)


def test_one_law_keeps_the_power_and_one_the_sum():
    same = np.repeat(DRY[:1], 2, axis=0)
    for position in (-0.9, -0.3, 0.5, 1):
        constant, _, linear = (Pan(position=position, law=law)(same, RATE) for law in LAWS)
        assert np.square(constant).sum() == pytest.approx(np.square(same).sum(), rel=1e-5)
        assert linear.sum(axis=0) == pytest.approx(same.sum(axis=0), abs=1e-6)


@pytest.mark.parametrize("position", [-1, -0.4, 0, 0.7])
def test_a_mono_sound_is_panned_as_a_mixer_places_it(position):
    panned = Chain((Pan(position=position),))(DRY[:1], RATE)
    assert panned == pytest.approx(place(DRY[:1], position), abs=1e-6)


@pytest.mark.parametrize(
    "effect",
    [
        Width(width=0.01),
        Width(width=2),
        MidSideGain(mid_db=-24, side_db=24),
        ChannelImbalance(imbalance_db=-24),
        *(Polarity(channels=word) for word in ("left", "both", "right")),
        ChannelSwap(),
        *(Pan(position=0.9, law=law) for law in LAWS),
    ],
    ids=str,
)
@pytest.mark.parametrize("channels", [1, 2])
def test_an_image_is_put_back(effect, channels):
    dry = DRY[:channels]
    rest = effect.inverse()(effect(dry, RATE), RATE) - dry
    assert rest.std() < dry.std() * 10 ** (-90 / 20)


@pytest.mark.parametrize("effect", [Width(width=0), Pan(position=-1), Pan(position=1)], ids=str)
def test_what_was_taken_away_for_good_is_not_put_back(effect):
    assert effect.inverse() is None


@pytest.mark.parametrize("side, late", [("left", 0), ("right", 1)])
def test_haas_makes_one_side_late_and_the_sum_hollow(side, late):
    same = np.repeat(DRY[:1], 2, axis=0)
    wet = Haas(delay_ms=10, late_side=side)(same, RATE)
    assert np.array_equal(wet[late, 480:], DRY[0, :-480]) and not wet[late, :480].any()
    assert np.array_equal(wet[1 - late], DRY[0])
    tone = np.sin(2 * np.pi * 50 * np.arange(RATE) / RATE).astype(np.float32)  # half a period
    summed = Haas(delay_ms=10, late_side=side)(np.tile(tone, (2, 1)), RATE).sum(axis=0)
    assert np.abs(summed[480:]).max() < 1e-5


@pytest.mark.parametrize("hz, gain_db", [(60, -24.6), (120, -6.02), (240, -0.53), (2000, 0)])
def test_lows_go_to_the_middle_with_the_slope_asked_for(hz, gain_db):
    tone = np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)
    mid = np.sin(2 * np.pi * 333 * np.arange(RATE) / RATE)
    dry = np.stack([mid + tone, mid - tone]).astype(np.float32) * 0.3
    wet_mid, wet_side = mid_side(MonoMaker(cutoff_hz=120)(dry, RATE))
    inner = slice(RATE // 4, -RATE // 4)
    factor = 10 ** (gain_db / 20)
    assert wet_side[inner] == pytest.approx(0.3 * factor * tone[inner], abs=0.002)  # in phase too
    assert wet_mid == pytest.approx(0.3 * mid, abs=1e-6)


@pytest.mark.parametrize(
    "effect",
    [Width(width=0.2), Pan(position=1), ChannelSwap(), Haas(delay_ms=9), MonoMaker(cutoff_hz=99)],
)
def test_a_single_channel_has_no_image(effect):
    assert np.array_equal(effect(DRY[:1], RATE), DRY[:1])
