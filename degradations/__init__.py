"""Effects, chains of effects, and distributions over chains."""

from .band_limit import BandLimit
from .bands import ParametricEqualizer
from .chains import Chain
from .codecs import Mp3, Mp3Vbr, Opus, Vorbis
from .comb import Comb
from .compressor import Compressor
from .convolution import Convolution
from .dynamics import Dynamics
from .effect import Effect, load_effect
from .filters import Bell, GraphicEqualizer, HighShelf, LowShelf
from .ladder import Ladder
from .levels import Gain
from .limiter import Limiter
from .linear_phase import LinearPhaseEqualizer
from .noise import Noise, NoiseFloor
from .nonlinear import HardClip, Saturation
from .notch_and_tilt import Notch, Tilt
from .pass_filters import BandPass, BandStop, HighPass, LowPass
from .phone_microphone import PhoneMicrophone
from .reverb import Reverb
from .room import SimulatedRoom
from .steps import RandomChain
from .telephone import Telephone

__all__ = [
    "BandLimit",
    "BandPass",
    "BandStop",
    "Bell",
    "Chain",
    "Comb",
    "Compressor",
    "Convolution",
    "Dynamics",
    "Effect",
    "Gain",
    "GraphicEqualizer",
    "HardClip",
    "HighPass",
    "HighShelf",
    "Ladder",
    "Limiter",
    "LinearPhaseEqualizer",
    "LowPass",
    "LowShelf",
    "Mp3",
    "Mp3Vbr",
    "Noise",
    "NoiseFloor",
    "Notch",
    "Opus",
    "ParametricEqualizer",
    "PhoneMicrophone",
    "RandomChain",
    "Reverb",
    "Saturation",
    "SimulatedRoom",
    "Telephone",
    "Tilt",
    "Vorbis",
    "load_effect",
]
