"""Effects, chains of effects, and distributions over chains."""

from .band_limit import BandLimit
from .chains import Chain
from .clipper import SoftClipper
from .codecs import Mp3, Mp3Vbr, Opus, Vorbis
from .compressor import Compressor
from .convolution import Convolution
from .deesser import Deesser
from .dynamics import Dynamics
from .effect import Effect, load_effect
from .expansion import Expander, UpwardCompressor
from .filters import Bell, GraphicEqualizer, HighShelf, LowShelf
from .gate import Ducking, Gate
from .levels import Gain
from .limiter import Limiter, LoudnessLimiter
from .multiband import MultibandCompressor
from .noise import Noise, NoiseFloor
from .nonlinear import HardClip, Saturation
from .pass_filters import BandPass, BandStop, HighPass, LowPass
from .reverb import Reverb
from .room import SimulatedRoom
from .steps import RandomChain
from .transients import TransientShaper

__all__ = [
    "BandLimit",
    "BandPass",
    "BandStop",
    "Bell",
    "Chain",
    "Compressor",
    "Convolution",
    "Deesser",
    "Ducking",
    "Dynamics",
    "Effect",
    "Expander",
    "Gain",
    "Gate",
    "GraphicEqualizer",
    "HardClip",
    "HighPass",
    "HighShelf",
    "Limiter",
    "LoudnessLimiter",
    "LowPass",
    "LowShelf",
    "Mp3",
    "Mp3Vbr",
    "MultibandCompressor",
    "Noise",
    "NoiseFloor",
    "Opus",
    "RandomChain",
    "Reverb",
    "Saturation",
    "SimulatedRoom",
    "SoftClipper",
    "TransientShaper",
    "UpwardCompressor",
    "Vorbis",
    "load_effect",
]
