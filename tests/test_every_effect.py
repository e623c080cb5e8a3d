"""The laws of mixing/laws.py and declarations.py hold for every effect of wetdry.

Hypothesis draws numbers and sounds here; ``wetdry effects check`` tries the same laws on a
user's effects at bounds and fixed draws."""

from types import UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wetdry.degradations import Chain, Compressor, Effect, Gain, NoiseFloor, Reverb
from wetdry.degradations.language.slots import slots_of
from wetdry.mixing.declarations import DECLARATIONS
from wetdry.mixing.laws import ANY_SOUND_LAWS, SILENCE_LAW, TYPICAL_LAWS, Trial
from wetdry.mixing.trials import sound

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


def assert_kept(laws, trial):
    faults = {law.name: law.broken(trial) for law in laws}
    assert not any(faults.values()), (faults, str(trial.effect))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_an_effect_keeps_the_laws_with_any_numbers_on_any_sound(kind, files, data):
    effect = data.draw(effects(kind, files))
    assert_kept(ANY_SOUND_LAWS, Trial(effect, data.draw(AUDIO), data.draw(RATES)))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_silence_stays_silent_unless_the_effect_is_noise(kind, files, data):
    rate = data.draw(RATES)
    silence = sound("silence", rate)
    assert_kept([SILENCE_LAW], Trial(data.draw(effects(kind, files)), silence, rate))


@pytest.mark.parametrize("law", TYPICAL_LAWS, ids=lambda law: law.name)
@pytest.mark.parametrize("kind", KINDS)
def test_an_effect_keeps_the_laws_that_are_about_typical_numbers(kind, law, typical):
    effect = typical(kind)
    if law.applies(type(effect)):
        if law.neutral:
            effect = effect.model_copy(update=neutral(type(effect)))
        assert_kept([law], Trial(effect, sound(law.sound, 48_000), 48_000))


def neutral(effect):
    """The numbers at which an effect does nothing."""
    slots = slots_of(effect)
    return {
        name: (value,) * slots[name].count if slots[name].kind == "list" else value
        for name, value in effect.neutral.items()
    }


@pytest.mark.parametrize("name", DECLARATIONS)
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("parallel", "mid_side")])
def test_an_effect_declares_what_readers_and_recipes_need(kind, name):
    assert DECLARATIONS[name](Effect.kinds[kind]) == ""
