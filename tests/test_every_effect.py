"""Laws that every effect keeps, over all the numbers that it allows."""

from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wetdry.degradations import Chain, Compressor, Effect, Gain, NoiseFloor, Reverb, load_effect
from wetdry.degradations.slots import slots_of
from wetdry.errors import AudioError

AUDIO = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 2), st.one_of(st.sampled_from([0, 1, 2]), st.integers(3, 300))),
    elements=st.floats(-2, 2, width=32),
)
RATES = st.sampled_from([44_100, 48_000])
BRANCHES = [
    Chain(),
    Chain((Compressor(threshold_db=-30, ratio=8), Gain(gain_db=-6))),
    Chain((Reverb(room_size=0.5), NoiseFloor(level_dbfs=-40))),
]
KINDS = sorted(kind for kind, effect in Effect.kinds.items() if not effect.foreign)


def values(annotation, metadata=()):
    """Anything that a field takes, read from its type and bounds."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if annotation is Chain:
        return st.sampled_from(BRANCHES)
    if origin is Annotated:
        return values(inner[0], (*metadata, *inner[1:]))
    if annotation is bool:
        return st.booleans()
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.none()  # of optional fields, only those of a path
    facts = [fact for m in metadata for fact in getattr(m, "metadata", [m])]
    if origin is tuple:
        length = next((m.min_length for m in facts if hasattr(m, "min_length")), len(inner))
        return st.tuples(*[values(inner[0])] * length)
    low = next(m.ge for m in facts if hasattr(m, "ge"))
    high = next(m.le for m in facts if hasattr(m, "le"))
    return st.integers(low, high) if annotation is int else st.floats(low, high)


def effects(kind, files):
    """Any valid value of an effect."""
    declared = Effect.kinds[kind].model_fields
    fields = {
        name: st.just(files(name))
        if f"{name}_sha256" in declared
        else values(f.annotation, f.metadata)
        for name, f in declared.items()
    }
    return st.builds(Effect.kinds[kind], **fields)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_effect_keeps_its_shape_its_word_and_its_input(kind, files, data):
    effect, audio = data.draw(effects(kind, files)), data.draw(AUDIO)
    sample_rate, before = data.draw(RATES), audio.copy()
    once, twice = effect(audio, sample_rate), effect(audio, sample_rate)

    assert once.shape == audio.shape and once.dtype == np.float32
    assert np.isfinite(once).all()
    assert once.tobytes() == twice.tobytes()
    assert audio.tobytes() == before.tobytes() and not np.shares_memory(once, audio)
    assert load_effect(effect.row()) == effect
    assert effect.tail_s() >= 0 and effect.latency_samples(sample_rate) >= 0


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_silence_stays_silent_unless_the_effect_is_noise(kind, files, data):
    silence = np.zeros((2, 4000), np.float32)
    quiet = data.draw(effects(kind, files))(silence, data.draw(RATES))
    assert np.abs(quiet).max() <= (2.0 if Effect.kinds[kind].adds_noise else 1e-6)


@pytest.mark.parametrize("kind", [k for k in KINDS if not Effect.kinds[k].moves_image])
def test_the_channels_are_not_swapped(kind, typical):
    left_only = np.zeros((2, 9600), np.float32)
    left_only[0] = np.random.default_rng(1).standard_normal(9600) * 0.1
    left, right = typical(kind)(left_only, 48_000).std(axis=1)
    assert left > right


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_audio_is_refused_by_name(kind, typical):
    effect = typical(kind)
    for bad in (
        np.zeros((3, 100), np.float32),
        np.zeros((2, 100)),
        np.full((2, 100), np.nan, np.float32),
        np.full((2, 100), 1e7, np.float32),
    ):
        with pytest.raises(AudioError, match=kind):
            effect(bad, 48_000)


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_undone_has_an_inverse_and_what_cannot_has_none(kind, typical):
    assert (typical(kind).inverse() is None) == (Effect.kinds[kind].undoable == "not")


@pytest.mark.parametrize("kind", [k for k in KINDS if Effect.kinds[k].undoable == "exactly"])
def test_what_can_be_undone_exactly_is_undone_to_90_db(kind, typical):
    effect, sample_rate = typical(kind), 48_000
    dry = np.random.default_rng(2).standard_normal((2, 24_000)).astype(np.float32) * 0.1
    rest = effect.inverse()(effect(dry, sample_rate), sample_rate) - dry
    assert rest.std() < dry.std() * 10 ** (-90 / 20)


@pytest.mark.parametrize("kind", [k for k in KINDS if Effect.kinds[k].neutral])
def test_an_amount_at_its_neutral_value_does_next_to_nothing(kind, typical):
    effect, numbers = Effect.kinds[kind], {}
    for name, value in effect.neutral.items():
        slot = slots_of(effect)[name]
        assert slot.low <= value <= slot.high
        numbers[name] = (value,) * slot.count if slot.kind == "list" else value
    neutral = typical(kind).model_copy(update=numbers)
    noise = np.random.default_rng(3).standard_normal(48_000)
    quiet = np.convolve(noise, np.hanning(9) / 4, "same")  # nothing near Nyquist, -30 dBFS
    quiet = np.asarray(0.03 * np.stack([quiet, -quiet]), np.float32)
    assert (neutral(quiet, 48_000) - quiet).std() < quiet.std() * 10 ** (-50 / 20)
