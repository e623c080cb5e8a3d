"""Effects, chains of effects, and distributions over chains."""

from .band_limit import BandLimit
from .chains import Chain
from .codecs import Mp3, Mp3Vbr, Opus, Vorbis
from .compressor import Compressor
from .convolution import Convolution
from .dynamics import Dynamics
from .early_reflections import EarlyReflections
from .echoes import Echo, PingPong
from .effect import Effect, load_effect
from .feedback_delay_network import FeedbackDelayNetwork
from .filters import Bell, GraphicEqualizer, HighShelf, LowShelf
from .levels import Gain
from .limiter import Limiter
from .noise import Noise, NoiseFloor
from .nonlinear import HardClip, Saturation
from .pass_filters import BandPass, BandStop, HighPass, LowPass
from .plate import Plate
from .reverb import Reverb
from .room import SimulatedRoom
from .steps import RandomChain
from .stereo import ChannelImbalance, ChannelSwap, MidSideGain, Pan, Polarity, Width
from .stereo_filters import Haas, MonoMaker

__all__ = [
    "BandLimit",
    "BandPass",
    "BandStop",
    "Bell",
    "Chain",
    "ChannelImbalance",
    "ChannelSwap",
    "Compressor",
    "Convolution",
    "Dynamics",
    "EarlyReflections",
    "Echo",
    "Effect",
    "FeedbackDelayNetwork",
    "Gain",
    "GraphicEqualizer",
    "Haas",
    "HardClip",
    "HighPass",
    "HighShelf",
    "Limiter",
    "LowPass",
    "LowShelf",
    "MidSideGain",
    "MonoMaker",
    "Mp3",
    "Mp3Vbr",
    "Noise",
    "NoiseFloor",
    "Opus",
    "Pan",
    "PingPong",
    "Plate",
    "Polarity",
    "RandomChain",
    "Reverb",
    "Saturation",
    "SimulatedRoom",
    "Vorbis",
    "Width",
    "load_effect",
]
