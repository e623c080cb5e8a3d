"""Effects, chains of effects, and distributions over chains."""

from .band_limit import BandLimit
from .chains import Chain
from .codecs import Mp3, Mp3Vbr, Opus, Vorbis
from .compressor import Compressor
from .convolution import Convolution
from .dynamics import Dynamics
from .effect import Effect, load_effect
from .filters import Bell, GraphicEqualizer, HighShelf, LowShelf
from .levels import Gain
from .limiter import Limiter
from .noise import Noise, NoiseFloor
from .nonlinear import HardClip, Saturation
from .pass_filters import BandPass, BandStop, HighPass, LowPass
from .reverb import Reverb
from .room import SimulatedRoom
from .side_chains import Keyed
from .steps import RandomChain

__all__ = [
    "BandLimit",
    "BandPass",
    "BandStop",
    "Bell",
    "Chain",
    "Compressor",
    "Convolution",
    "Dynamics",
    "Effect",
    "Gain",
    "GraphicEqualizer",
    "HardClip",
    "HighPass",
    "HighShelf",
    "Keyed",
    "Limiter",
    "LowPass",
    "LowShelf",
    "Mp3",
    "Mp3Vbr",
    "Noise",
    "NoiseFloor",
    "Opus",
    "RandomChain",
    "Reverb",
    "Saturation",
    "SimulatedRoom",
    "Vorbis",
    "load_effect",
]
