"""Effects, chains of effects, and distributions over chains."""

from .aac import Aac
from .amplifier import Amplifier
from .band_limit import BandLimit
from .bands import ParametricEqualizer
from .cassette import Cassette
from .chains import Chain
from .chorus import Chorus, Flanger
from .clicks import Clicks, Crackle
from .clipper import SoftClipper
from .codecs import Mp3, Mp3Vbr, Opus, Vorbis
from .comb import Comb
from .compressor import Compressor
from .convolution import Convolution
from .deesser import Deesser
from .disturbances import DcOffset, Dropouts
from .dynamics import Dynamics
from .early_reflections import EarlyReflections
from .echoes import Echo, PingPong
from .effect import Effect, load_effect
from .exciter import Exciter
from .expansion import Expander, UpwardCompressor
from .feedback_delay_network import FeedbackDelayNetwork
from .filters import Bell, GraphicEqualizer, HighShelf, LowShelf
from .fm_radio import FmRadio
from .gate import Ducking, Gate
from .gsm import Gsm
from .ladder import Ladder
from .levels import Gain
from .limiter import Limiter, LoudnessLimiter
from .linear_phase import LinearPhaseEqualizer
from .lofi import BitCrush, SampleRateReduction
from .mid_side import MidSide
from .multiband import MultibandCompressor
from .neural_codec import NeuralCodec
from .noise import Hiss, Hum, Noise, NoiseFloor
from .nonlinear import Cubic, Diode, HardClip, Saturation
from .notch_and_tilt import Notch, Tilt
from .own_effects import use_effects
from .packets import PacketLoss
from .parallel import Parallel
from .pass_filters import BandPass, BandStop, HighPass, LowPass
from .phaser import Phaser
from .phone_microphone import PhoneMicrophone
from .pitch_correction import PitchCorrection
from .pitch_shift import PitchShift
from .plate import Plate
from .plugins import Plugin, plugins_allowed
from .recorded_noise import RecordedNoise
from .records import Shellac, Vinyl
from .reverb import Reverb
from .room import SimulatedRoom
from .scope import Scope
from .side_chains import Keyed
from .steps import RandomChain
from .stereo import ChannelImbalance, ChannelSwap, MidSideGain, Pan, Polarity, Width
from .stereo_filters import Haas, MonoMaker
from .tape import Tape
from .telephone import Telephone
from .time_bends import TapeSpeed, Vibrato
from .transients import TransientShaper
from .tremolo import AutoPan, RingModulation, Tremolo
from .waveshapers import FoldBack, Rectifier, Tube
from .wow_and_flutter import WowAndFlutter

__all__ = [
    "Aac",
    "Amplifier",
    "AutoPan",
    "BandLimit",
    "BandPass",
    "BandStop",
    "Bell",
    "BitCrush",
    "Cassette",
    "Chain",
    "ChannelImbalance",
    "ChannelSwap",
    "Chorus",
    "Clicks",
    "Comb",
    "Compressor",
    "Convolution",
    "Crackle",
    "Cubic",
    "DcOffset",
    "Deesser",
    "Diode",
    "Dropouts",
    "Ducking",
    "Dynamics",
    "EarlyReflections",
    "Echo",
    "Effect",
    "Exciter",
    "Expander",
    "FeedbackDelayNetwork",
    "Flanger",
    "FmRadio",
    "FoldBack",
    "Gain",
    "Gate",
    "GraphicEqualizer",
    "Gsm",
    "Haas",
    "HardClip",
    "HighPass",
    "HighShelf",
    "Hiss",
    "Hum",
    "Keyed",
    "Ladder",
    "Limiter",
    "LinearPhaseEqualizer",
    "LoudnessLimiter",
    "LowPass",
    "LowShelf",
    "MidSide",
    "MidSideGain",
    "MonoMaker",
    "Mp3",
    "Mp3Vbr",
    "MultibandCompressor",
    "NeuralCodec",
    "Noise",
    "NoiseFloor",
    "Notch",
    "Opus",
    "PacketLoss",
    "Pan",
    "Parallel",
    "ParametricEqualizer",
    "Phaser",
    "PhoneMicrophone",
    "PingPong",
    "PitchCorrection",
    "PitchShift",
    "Plate",
    "Plugin",
    "Polarity",
    "RandomChain",
    "RecordedNoise",
    "Rectifier",
    "Reverb",
    "RingModulation",
    "SampleRateReduction",
    "Saturation",
    "Scope",
    "Shellac",
    "SimulatedRoom",
    "SoftClipper",
    "Tape",
    "TapeSpeed",
    "Telephone",
    "Tilt",
    "TransientShaper",
    "Tremolo",
    "Tube",
    "UpwardCompressor",
    "Vibrato",
    "Vinyl",
    "Vorbis",
    "Width",
    "WowAndFlutter",
    "load_effect",
    "plugins_allowed",
    "use_effects",
]
