"""Bad inputs 1 to 38: files that are torn, forged, or hold what no stem should."""

import io
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
from bad_bench import CASES, RATE, Bench, Case, Outcome, noise

__all__ = ["encoded"]

Make = Callable[[], bytes]


def encoded(
    samples: np.ndarray, container: str = "WAV", subtype: str | None = None, rate: int = RATE
) -> bytes:
    """Return samples as an audio file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=container, subtype=subtype)
    return buffer.getvalue()


def patched(data: bytes, at: int, new: bytes) -> bytes:
    """Return a file with some bytes replaced."""
    return data[:at] + new + data[at + len(new) :]


WAV, FLAC = encoded(noise()), encoded(noise(), "FLAC")
INFO = int.from_bytes(FLAC[18:26])  # rate 20 bits, channels 3, depth 5, number of frames 36


def forged(frames: int) -> bytes:
    """Return a FLAC whose header promises other frames."""
    return patched(FLAC, 18, (INFO >> 36 << 36 | frames).to_bytes(8))


def bomb() -> bytes:
    """Return a small FLAC of two hours of silence."""
    return encoded(np.zeros(7200 * RATE, np.int16), "FLAC")


def spoiled(value: float, subtype: str = "FLOAT") -> bytes:
    """Return a WAV with one sample that is no audio."""
    samples = noise().astype(np.float64)
    samples[100] = value
    return encoded(samples, subtype=subtype)


def tagged() -> bytes:
    """Return an MP3 behind an ID3 tag of 16 MiB that does not end where it says."""
    size = 2**24
    digits = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\x04\x00\x00" + digits + bytes(2**20)


def unsized(data: bytes) -> bytes:
    """Return a WAV as it comes out of a pipe: its data chunk is endless."""
    return patched(data, 40, b"\xff" * 4)


def denormal() -> bytes:
    """Return noise with samples between that are denormal floats."""
    samples = noise()
    samples[::2] = 1e-40
    return encoded(samples, subtype="FLOAT")


SET_ASIDE: list[tuple[int, str, str, Make, str]] = [
    (1, "an empty file", "wav", lambda: b"", "cannot be decoded"),
    (2, "FLAC cut in its STREAMINFO", "flac", lambda: FLAC[:20], "cannot be decoded"),
    (3, "FLAC cut in a frame", "flac", lambda: FLAC[: len(FLAC) // 2], "bad."),
    (4, "FLAC with flipped bits", "flac",
     lambda: patched(FLAC, len(FLAC) // 2, bytes(64)), "bad."),
    (5, "FLAC whose MD5 is another's", "flac",
     lambda: patched(FLAC, 26, b"\x5a" * 16), "MD5"),
    (6, "FLAC of unknown length (total = 0)", "flac", lambda: forged(0), "how long"),
    (7, "FLAC that promises 2^36 - 1 frames", "flac", lambda: forged(2**36 - 1), "promises"),
    (8, "FLAC bomb: two hours of silence in little", "flac", bomb, "is silent"),
    (9, "WAV of a header alone", "wav", lambda: WAV[:44], "bad."),
    (10, "WAV with half of its data", "wav", lambda: WAV[: len(WAV) // 2], "is truncated"),
    (11, "WAV whose data chunk says 0xFFFFFFFF", "wav", lambda: unsized(WAV), "is truncated"),
    (12, "WAV of 0 channels", "wav", lambda: patched(WAV, 22, bytes(2)), "bad."),
    (13, "WAV of 65535 channels", "wav", lambda: patched(WAV, 22, b"\xff\xff"), "bad."),
    (14, "WAV of 0 Hz", "wav", lambda: patched(WAV, 24, bytes(4)), "bad."),
    (15, "WAV of 2^32 - 1 Hz", "wav", lambda: patched(WAV, 24, b"\xff" * 4), "bad."),
    (16, "WAV of an unknown format", "wav",
     lambda: patched(WAV, 20, struct.pack("<H", 0x7777)), "bad."),
    (18, "HTML named .wav", "wav", lambda: b"<html>404 not found</html>", "cannot be decoded"),
    (19, "random bytes named .mp3", "mp3",
     lambda: np.random.default_rng(1).bytes(5000), "bad."),
    (20, "MP3 cut in its middle", "mp3",
     lambda: encoded(noise(3), "MP3")[:6000], "bad."),
    (21, "OGG cut in its middle", "ogg",
     lambda: (lambda data: data[: len(data) // 2])(encoded(noise(3), "OGG")), "bad."),
    (22, "MP3 with a giant ID3 tag", "mp3", tagged, "bad."),
    (26, "double WAV with 1e300", "wav", lambda: spoiled(1e300, "DOUBLE"), "bad."),
    (27, "NaN", "wav", lambda: spoiled(np.nan), "NaN"),
    (28, "infinity", "wav", lambda: spoiled(-np.inf), "infinite"),
    (30, "a sample of 1e10", "wav", lambda: spoiled(1e10), "peak of 1e+10"),
    (31, "no frames", "wav", lambda: encoded(noise(0)), "bad."),
    (32, "one sample", "wav", lambda: encoded(noise(1 / RATE)), "lasts"),
    (33, "two samples in stereo", "wav", lambda: encoded(noise(2 / RATE, 2)), "lasts"),
    (34, "100 samples: too short for LUFS", "wav", lambda: encoded(noise(100 / RATE)), "lasts"),
    (38, "5.1", "wav", lambda: encoded(noise(channels=6)), "6 channels"),
    (38, "7.1", "wav", lambda: encoded(noise(channels=8)), "8 channels"),
]  # fmt: skip

ACCEPTED: list[tuple[int, str, str, Make]] = [
    (17, "WAV named .flac", "flac", lambda: WAV),
    (23, "RF64", "wav", lambda: encoded(noise(), "RF64")),
    (23, "W64 named .wav", "wav", lambda: encoded(noise(), "W64")),
    (24, "8 bits", "wav", lambda: encoded(noise(), subtype="PCM_U8")),
    (25, "24 bits", "wav", lambda: encoded(noise(), subtype="PCM_24")),
    (25, "32 bits", "wav", lambda: encoded(noise(), subtype="PCM_32")),
    (29, "denormals", "wav", denormal),
    (37, "mono beside stereo", "wav", lambda: encoded(noise(channels=2))),
]


def plant(name: str, make: Make, stems: Path) -> None:
    """Put a file into the odd song."""
    path = stems / "odd" / "Drums" / name
    path.parent.mkdir()
    path.write_bytes(make())


def other_rate(rate: int, stems: Path) -> None:
    """Make the odd song one of another sample rate."""
    for path in (stems / "odd").rglob("*.wav"):
        samples = noise(rate / RATE, name=path.name)
        soundfile.write(path, samples, rate)


def _set_aside(name: str, make: Make, words: str, bench: Bench) -> Outcome:
    return bench.set_aside(partial(plant, name, make), words)


def _accepted(name: str, make: Make, bench: Bench) -> Outcome:
    return bench.accepted(partial(plant, name, make))


def _rate(rate: int, bench: Bench) -> Outcome:
    return bench.accepted(partial(other_rate, rate))


for number, what, suffix, make, words in SET_ASIDE:
    work = partial(_set_aside, f"bad.{suffix}", make, words)
    CASES.append(Case(number, what, work, quick=number != 8))
for number, what, suffix, make in ACCEPTED:
    CASES.append(Case(number, what, partial(_accepted, f"odd.{suffix}", make)))
for number, rate in ((35, 192_000), (36, 8_000), (36, 11_025)):
    CASES.append(Case(number, f"{rate} Hz", partial(_rate, rate)))
