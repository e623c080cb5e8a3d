"""Audio: arrays that everything shares, files of them, and other sample rates."""

from .arrays import LOUDEST, STEM_CLASSES, Audio, amplitude, checked, decibels
from .files import CUT, LONGEST_FRAMES, SUFFIXES, decode, length, read, read_padded
from .pcm import (
    Pcm,
    as_read,
    decode_pcm,
    encode_flac,
    encode_float,
    encode_pcm,
    quantise,
    suffix_of,
)
from .previews import PREVIEWS, encode_preview
from .resampling import resample, resample_frames

__all__ = [
    "CUT",
    "LONGEST_FRAMES",
    "LOUDEST",
    "PREVIEWS",
    "STEM_CLASSES",
    "SUFFIXES",
    "Audio",
    "Pcm",
    "amplitude",
    "as_read",
    "checked",
    "decibels",
    "decode",
    "decode_pcm",
    "encode_flac",
    "encode_float",
    "encode_pcm",
    "encode_preview",
    "length",
    "quantise",
    "read",
    "read_padded",
    "resample",
    "resample_frames",
    "suffix_of",
]
