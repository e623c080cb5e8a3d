"""Effects, chains of effects, and distributions over chains."""

from .amplifier import Amplifier
from .band_limit import BandLimit
from .chains import Chain
from .codecs import Mp3, Mp3Vbr, Opus, Vorbis
from .compressor import Compressor
from .convolution import Convolution
from .dynamics import Dynamics
from .effect import Effect, load_effect
from .exciter import Exciter
from .filters import Bell, GraphicEqualizer, HighShelf, LowShelf
from .levels import Gain
from .limiter import Limiter
from .lofi import BitCrush, SampleRateReduction
from .noise import Noise, NoiseFloor
from .nonlinear import Cubic, Diode, HardClip, Saturation
from .pass_filters import BandPass, BandStop, HighPass, LowPass
from .reverb import Reverb
from .room import SimulatedRoom
from .steps import RandomChain
from .tape import Tape
from .waveshapers import FoldBack, Rectifier, Tube

__all__ = [
    "Amplifier",
    "BandLimit",
    "BandPass",
    "BandStop",
    "Bell",
    "BitCrush",
    "Chain",
    "Compressor",
    "Convolution",
    "Cubic",
    "Diode",
    "Dynamics",
    "Effect",
    "Exciter",
    "FoldBack",
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
    "RandomChain",
    "Rectifier",
    "Reverb",
    "SampleRateReduction",
    "Saturation",
    "SimulatedRoom",
    "Tape",
    "Tube",
    "Vorbis",
    "load_effect",
]
