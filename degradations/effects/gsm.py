"""GSM, the speech codec of the first digital mobile telephones."""

import io
from typing import ClassVar

import numpy as np

from ...audio import Audio
from .codecs import Codec

__all__ = ["Gsm"]

TELEPHONE_HZ = 8000


class Gsm(Codec, kind="gsm"):
    """A mobile telephone of the nineties: below 4 kHz, rough, music turns to mumbling.

    GSM 06.10 full rate, 13 kbps for each channel: at 8 kHz, long-term prediction of the
    pitch and regular pulses for what that leaves. Stereo is two calls at once. It has no
    numbers to set. Silence leaves as a whisper of -66 dBFS.

    Notes
    -----
    ETSI EN 300 961 (GSM 06.10), as libgsm has it in libsndfile.
    """

    adds_noise: ClassVar[bool] = True

    def _rate(self, sample_rate: int) -> int:
        """Return 8 kHz."""
        return TELEPHONE_HZ

    def _coded(self, audio: Audio, sample_rate: int) -> Audio:
        """Code each channel: the format has but one."""
        return np.stack([_call(channel) for channel in audio])


def _call(channel: Audio) -> Audio:
    """Encode and decode one channel, without a header: WAV would blur the end."""
    import soundfile

    file = io.BytesIO()
    raw = {"samplerate": TELEPHONE_HZ, "format": "RAW", "subtype": "GSM610"}
    soundfile.write(file, channel, **raw)
    file.seek(0)
    decoded: Audio = soundfile.read(file, dtype="float32", channels=1, **raw)[0]
    return decoded
