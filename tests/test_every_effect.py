"""Laws that every effect keeps, over all the numbers that it allows."""

from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wetdry.degradations import Effect, load_effect
from wetdry.errors import AudioError

AUDIO = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 2), st.one_of(st.sampled_from([0, 1, 2]), st.integers(3, 300))),
    elements=st.floats(-2, 2, width=32),
)
RATES = st.sampled_from([44_100, 48_000])
KINDS = sorted(Effect.kinds)


@pytest.fixture(scope="session")
def impulse(tmp_path_factory):
    """An impulse response: a click that dies away, in stereo, at a rate of its own."""
    path = tmp_path_factory.mktemp("impulses") / "room.wav"
    noise = np.random.default_rng(0).standard_normal((2000, 2)) * 0.1
    taps = np.exp(-np.arange(2000) / 300)[:, np.newaxis] * noise
    taps[40] = 1.0
    soundfile.write(path, taps, 32_000, subtype="FLOAT")
    return str(path)


def values(annotation, metadata=()):
    """Anything that a field takes, read from its type and bounds."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return values(inner[0], (*metadata, *inner[1:]))
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.none()  # of optional fields, only those of a path
    facts = [fact for m in metadata for fact in getattr(m, "metadata", [m])]
    if origin is tuple:
        length = next(m.min_length for m in facts if hasattr(m, "min_length"))
        return st.tuples(*[values(inner[0])] * length)
    low = next(m.ge for m in facts if hasattr(m, "ge"))
    high = next(m.le for m in facts if hasattr(m, "le"))
    return st.integers(low, high) if annotation is int else st.floats(low, high)


def effects(kind, impulse):
    """Any valid value of an effect."""
    fields = {
        name: st.just(impulse) if name == "impulse" else values(field.annotation, field.metadata)
        for name, field in Effect.kinds[kind].model_fields.items()
    }
    return st.builds(Effect.kinds[kind], **fields)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_effect_keeps_its_shape_its_word_and_its_input(kind, impulse, data):
    effect, audio = data.draw(effects(kind, impulse)), data.draw(AUDIO)
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
def test_silence_stays_silent_unless_the_effect_is_noise(kind, impulse, data):
    silence = np.zeros((2, 4000), np.float32)
    quiet = data.draw(effects(kind, impulse))(silence, data.draw(RATES))
    assert np.abs(quiet).max() <= (1.0 if kind == "noise_floor" else 1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_channels_are_not_swapped(kind, impulse):
    left_only = np.zeros((2, 9600), np.float32)
    left_only[0] = np.random.default_rng(1).standard_normal(9600) * 0.1
    left, right = typical(kind, impulse)(left_only, 48_000).std(axis=1)
    assert left > right


def typical(kind, impulse):
    """An effect with its default numbers, and the middle of the others."""
    fields = {}
    for name, field in Effect.kinds[kind].model_fields.items():
        if field.is_required():
            fields[name] = impulse if name == "impulse" else middle(field)
    return Effect.kinds[kind](**fields)


def middle(field):
    """The value halfway between the bounds, or among the choices."""
    if get_origin(field.annotation) is Literal:
        choices = get_args(field.annotation)
        return choices[len(choices) // 2]
    if get_origin(field.annotation) is tuple:
        return (3.0,) * 16
    bounds = {k: getattr(m, k) for m in field.metadata for k in ("ge", "le") if hasattr(m, k)}
    return (bounds["ge"] + bounds["le"]) / 2


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_audio_is_refused_by_name(kind, impulse):
    effect = typical(kind, impulse)
    for bad in (
        np.zeros((3, 100), np.float32),
        np.zeros((2, 100)),
        np.full((2, 100), np.nan, np.float32),
        np.full((2, 100), 1e7, np.float32),
    ):
        with pytest.raises(AudioError, match=kind):
            effect(bad, 48_000)
