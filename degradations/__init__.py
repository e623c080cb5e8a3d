"""Effects, chains of effects, and distributions over chains."""

from .aac import Aac
from .band_limit import BandLimit
from .cassette import Cassette
from .chains import Chain
from .chorus import Chorus, Flanger
from .clicks import Clicks, Crackle
from .codecs import Mp3, Mp3Vbr, Opus, Vorbis
from .compressor import Compressor
from .convolution import Convolution
from .disturbances import DcOffset, Dropouts
from .dynamics import Dynamics
from .effect import Effect, load_effect
from .filters import Bell, GraphicEqualizer, HighShelf, LowShelf
from .fm_radio import FmRadio
from .gsm import Gsm
from .levels import Gain
from .limiter import Limiter
from .noise import Hiss, Hum, Noise, NoiseFloor
from .nonlinear import HardClip, Saturation
from .packets import PacketLoss
from .pass_filters import BandPass, BandStop, HighPass, LowPass
from .phaser import Phaser
from .pitch_correction import PitchCorrection
from .pitch_shift import PitchShift
from .recorded_noise import RecordedNoise
from .records import Shellac, Vinyl
from .reverb import Reverb
from .room import SimulatedRoom
from .steps import RandomChain
from .time_bends import TapeSpeed, Vibrato
from .tremolo import AutoPan, RingModulation, Tremolo
from .wow_and_flutter import WowAndFlutter

__all__ = [
    "Aac",
    "AutoPan",
    "BandLimit",
    "BandPass",
    "BandStop",
    "Bell",
    "Cassette",
    "Chain",
    "Chorus",
    "Clicks",
    "Compressor",
    "Convolution",
    "Crackle",
    "DcOffset",
    "Dropouts",
    "Dynamics",
    "Effect",
    "Flanger",
    "FmRadio",
    "Gain",
    "GraphicEqualizer",
    "Gsm",
    "HardClip",
    "HighPass",
    "HighShelf",
    "Hiss",
    "Hum",
    "Limiter",
    "LowPass",
    "LowShelf",
    "Mp3",
    "Mp3Vbr",
    "Noise",
    "NoiseFloor",
    "Opus",
    "PacketLoss",
    "Phaser",
    "PitchCorrection",
    "PitchShift",
    "RandomChain",
    "RecordedNoise",
    "Reverb",
    "RingModulation",
    "Saturation",
    "Shellac",
    "SimulatedRoom",
    "TapeSpeed",
    "Tremolo",
    "Vibrato",
    "Vinyl",
    "Vorbis",
    "WowAndFlutter",
    "load_effect",
]
