"""Effects, chains of effects, and distributions over chains."""

from .chains import Chain
from .dynamics import Dynamics
from .effect import Effect, load_effect
from .effects.aac import Aac
from .effects.amplifier import Amplifier
from .effects.band_limit import BandLimit
from .effects.bands import ParametricEqualizer
from .effects.cassette import Cassette
from .effects.chorus import Chorus, Flanger
from .effects.clicks import Clicks, Crackle
from .effects.clipper import SoftClipper
from .effects.codecs import Mp3, Mp3Vbr, Opus, Vorbis
from .effects.comb import Comb
from .effects.compressor import Compressor
from .effects.convolution import Convolution
from .effects.deesser import Deesser
from .effects.disturbances import DcOffset, Dropouts
from .effects.early_reflections import EarlyReflections
from .effects.echoes import Echo, PingPong
from .effects.exciter import Exciter
from .effects.expansion import Expander, UpwardCompressor
from .effects.feedback_delay_network import FeedbackDelayNetwork
from .effects.filters import Bell, GraphicEqualizer, HighShelf, LowShelf
from .effects.fm_radio import FmRadio
from .effects.gate import Ducking, Gate
from .effects.gsm import Gsm
from .effects.ladder import Ladder
from .effects.levels import Gain
from .effects.limiter import Limiter, LoudnessLimiter
from .effects.linear_phase import LinearPhaseEqualizer
from .effects.lofi import BitCrush, SampleRateReduction
from .effects.mid_side import MidSide
from .effects.multiband import MultibandCompressor
from .effects.neural_codec import NeuralCodec
from .effects.noise import Hiss, Hum, Noise, NoiseFloor
from .effects.nonlinear import Cubic, Diode, HardClip, Saturation
from .effects.notch_and_tilt import Notch, Tilt
from .effects.packets import PacketLoss
from .effects.parallel import Parallel
from .effects.pass_filters import BandPass, BandStop, HighPass, LowPass
from .effects.phaser import Phaser
from .effects.phone_microphone import PhoneMicrophone
from .effects.pitch_correction import PitchCorrection
from .effects.pitch_shift import PitchShift
from .effects.plate import Plate
from .effects.recorded_noise import RecordedNoise
from .effects.records import Shellac, Vinyl
from .effects.reverb import Reverb
from .effects.room import SimulatedRoom
from .effects.stereo import ChannelImbalance, ChannelSwap, MidSideGain, Pan, Polarity, Width
from .effects.stereo_filters import Haas, MonoMaker
from .effects.tape import Tape
from .effects.telephone import Telephone
from .effects.time_bends import TapeSpeed, Vibrato
from .effects.transients import TransientShaper
from .effects.tremolo import AutoPan, RingModulation, Tremolo
from .effects.waveshapers import FoldBack, Rectifier, Tube
from .effects.wow_and_flutter import WowAndFlutter
from .language.scope import Scope
from .language.steps import RandomChain
from .own_effects import use_effects
from .plugins.plugin import Plugin, plugins_allowed
from .side_chains import Keyed

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
