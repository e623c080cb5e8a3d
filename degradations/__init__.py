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
from .parallel import Parallel
from .pass_filters import BandPass, BandStop, HighPass, LowPass
from .reverb import Reverb
from .room import SimulatedRoom
from .scope import Scope
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
    "Limiter",
    "LowPass",
    "LowShelf",
    "Mp3",
    "Mp3Vbr",
    "Noise",
    "NoiseFloor",
    "Opus",
    "Parallel",
    "RandomChain",
    "Reverb",
    "Saturation",
    "Scope",
    "SimulatedRoom",
    "Vorbis",
    "load_effect",
]
