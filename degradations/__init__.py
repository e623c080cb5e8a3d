"""Effects, chains of effects, and distributions over chains."""

from .band_limit import BandLimit
from .chains import Chain
from .chorus import Chorus, Flanger
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
from .phaser import Phaser
from .pitch_correction import PitchCorrection
from .pitch_shift import PitchShift
from .reverb import Reverb
from .room import SimulatedRoom
from .steps import RandomChain
from .time_bends import TapeSpeed, Vibrato
from .tremolo import AutoPan, RingModulation, Tremolo
from .wow_and_flutter import WowAndFlutter

__all__ = [
    "AutoPan",
    "BandLimit",
    "BandPass",
    "BandStop",
    "Bell",
    "Chain",
    "Chorus",
    "Compressor",
    "Convolution",
    "Dynamics",
    "Effect",
    "Flanger",
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
    "Phaser",
    "PitchCorrection",
    "PitchShift",
    "RandomChain",
    "Reverb",
    "RingModulation",
    "Saturation",
    "SimulatedRoom",
    "TapeSpeed",
    "Tremolo",
    "Vibrato",
    "Vorbis",
    "WowAndFlutter",
    "load_effect",
]
