"""Every instrument of the demo songs by name."""

from collections.abc import Callable, Sequence

import numpy as np

from .composition import Note
from .instruments_drums import drum_kit, drum_machine, percussion
from .instruments_keys import celesta, electric_piano, organ
from .instruments_orchestra import ORCHESTRA
from .instruments_strings import STRINGS, amplified_guitar, piano
from .instruments_synthesis import Signal
from .instruments_synths import SYNTHS
from .instruments_voices import choir, lead_vocal, lead_vocal_low

__all__ = ["INSTRUMENTS", "Instrument"]

Instrument = Callable[[Sequence[Note], int, np.random.Generator], Signal]
"""Turns notes into ``frames`` samples: shape (samples,), or (2, samples) for stereo."""

INSTRUMENTS: dict[str, Instrument] = {
    **STRINGS,
    **SYNTHS,
    **ORCHESTRA,
    "amplified_guitar": amplified_guitar,
    "celesta": celesta,
    "choir": choir,
    "drum_kit": drum_kit,
    "drum_machine": drum_machine,
    "electric_piano": electric_piano,
    "lead_vocal": lead_vocal,
    "lead_vocal_low": lead_vocal_low,
    "organ": organ,
    "percussion": percussion,
    "piano": piano,
}
"""All dry and band-limited."""
