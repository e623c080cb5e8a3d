"""Whether fingerprints find a copy again, and tell strangers apart.

    python benchmarks/fingerprints.py --stems FOLDER

Of every stem of a catalog, 10 s from a random place are lowered by 10 dB, sent through an MP3 as
the report's excerpts are, and looked for in the stem. All stems are compared with those of other
songs, too. Exits with 1 if less than 0.8 of the copies are found, or two songs are taken for one.
"""

import argparse
import sys
import time
from io import BytesIO
from pathlib import Path

import numpy as np
import soundfile

from wetdry.audio import Audio, read
from wetdry.datasets import scan
from wetdry.datasets.reports.fingerprints import MOST_WRONG, fingerprint, matches
from wetdry.datasets.reports.sound import mp3
from wetdry.seeds import stream

SECONDS = 10
LEAST_FOUND = 0.8
LOOKED = 0.45
"""Strangers are told up to here: how near they come."""


def copied(audio: Audio, rate: int, file: str) -> tuple[Audio, int]:
    """Return an excerpt that was lowered and encoded."""
    last = max(audio.shape[1] - SECONDS * rate, 1)
    start = int(stream(0, "excerpt", file).integers(last))
    excerpt = audio[:, start : start + SECONDS * rate] * np.float32(0.316)
    decoded, rate = soundfile.read(BytesIO(mp3(excerpt, rate)), dtype="float32", always_2d=True)
    return np.ascontiguousarray(decoded.T), rate


def main() -> None:
    """Measure, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, required=True)
    options = parser.parse_args()
    catalog = scan(options.stems)
    catalog = catalog[catalog["fault"].isna()]
    prints, wrong, missed, spent, seconds = [], [], [], 0.0, 0.0
    for file in catalog["file"]:
        audio, rate = read(options.stems / file)
        start = time.process_time()
        prints.append(fingerprint(audio, rate))
        spent, seconds = spent + time.process_time() - start, seconds + audio.shape[1] / rate
        found = matches(prints[-1:], [fingerprint(*copied(audio, rate, file))])
        if found:
            wrong.append(found[0].wrong)
        else:
            missed.append(file)
    songs = catalog["song"].tolist()
    near = [m for m in matches(prints, prints, LOOKED) if songs[m.one] != songs[m.other]]
    closest = min((m.wrong for m in near), default=LOOKED)
    print(f"fingerprints of {seconds:.0f} s in {spent:.1f} s of processor time")
    middle, most = np.percentile(wrong, [50, 100])
    print(f"found {len(wrong)} of {len(prints)} copies, bits that differ: median {middle:.3f}, "
          f"at most {most:.3f}")  # fmt: skip
    print(f"strangers come no closer than {closest:.3f} (one recording: up to {MOST_WRONG})")
    print("not found:", ", ".join(missed))
    sys.exit(len(wrong) < LEAST_FOUND * len(prints) or closest <= MOST_WRONG)


if __name__ == "__main__":
    main()
