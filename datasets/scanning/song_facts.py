"""What a scan finds out of one song: each stem by itself, then all of them against each other."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...errors import AudioError
from ..layouts.layout import Source
from .bleed import find_bleed
from .lags import find_lags
from .listening import Heard, bins_hz, frames_per_second
from .measure import measure
from .tempo import find_pulse
from .tonality import find_tonality, pitch_strength

__all__ = ["BETWEEN", "MUSICAL", "UNMEASURED", "Row", "facts_of"]

Row = dict[str, Any]

MUSICAL: Row = {
    "pitch_strength": 0.0,
    "tempo_bpm": float("nan"),
    "tempo_confidence": 0.0,
    "beats_s": [],
    "tonic": -1,
    "mode": "",
    "key_confidence": 0.0,
    "tuning_cents": 0.0,
}
"""Pitch of the stem, and beats and key of its song, from all stems together."""

BETWEEN: Row = {"bleed_db": float("nan"), "bleed_of": "", "lag_ms": float("nan"), "lag_of": ""}
"""What a stem has of the others, and how late it is against its like."""

UNMEASURED: Row = {
    "sample_rate": 0,
    "channels": 0,
    "frames": 0,
    "seconds": 0.0,
    "loudness_lufs": float("nan"),
    "peak_dbfs": float("nan"),
    "true_peak_dbtp": float("nan"),
    "activity_dbfs": [],
    "dc_offset": 0.0,
    "clipped_share": 0.0,
    "sound_sha256": "",
    **MUSICAL,
    **BETWEEN,
    "sha256": "",
    "fault": None,
}
"""A stem of which nothing is known: what each column holds then."""


def facts_of(stems: Path, sources: Sequence[Source]) -> list[Row]:
    """Read the stems of one song and return what the catalog says of each.

    Parameters
    ----------
    stems : Path
        The folder of songs.
    sources : sequence of Source
        All of the song that can be opened.

    Raises
    ------
    AudioError
        If memory runs out; what is wrong with a file stands in its row.
    """
    rows, sounds = [], list[tuple[Source, Row, Heard]]()
    for source in sources:
        found, heard = _row(stems / source.file)
        rows.append({**UNMEASURED, **found})
        if heard:
            sounds.append((source, rows[-1], heard))
    _compare([(source.file, row) for source, row, _ in sounds])
    _find_lags(sounds)
    _listen([sound for sound in sounds if sound[1]["fault"] is None])
    return rows


def _row(path: Path) -> tuple[Row, Heard | None]:
    """Measure one file; whatever goes wrong with it is its fault and stops nothing."""
    try:
        return measure(path)
    except AudioError as error:
        reason = str(error)
    except MemoryError:  # the machine's fault, not the file's
        raise AudioError(
            f"{path}: memory or threads ran out; use fewer workers, and read it again"
        ) from None
    except Exception as error:  # a decoder's bad day must not cost the other thousand files
        reason = f"cannot be measured ({type(error).__name__}: {error}); export it again"
    return {"fault": reason}, None


def _listen(sounds: list[tuple[Source, Row, Heard]]) -> None:
    """Find beats, key and bleed of a song, from all its good stems together."""
    if not sounds:
        return
    rate = sounds[0][1]["sample_rate"]
    pulse = find_pulse(
        [(source.stem_class, heard.onsets) for source, _, heard in sounds], frames_per_second(rate)
    )
    key = find_tonality([(source.stem_class, heard.pitches) for source, _, heard in sounds])
    bleed = find_bleed(
        [(source.stem_class, heard.spectra) for source, _, heard in sounds], bins_hz(rate)
    )
    found = {
        "tempo_bpm": pulse.tempo_bpm,
        "tempo_confidence": pulse.confidence,
        "beats_s": list(pulse.beats_s),
        "tonic": key.tonic,
        "mode": key.mode,
        "key_confidence": key.confidence,
        "tuning_cents": key.tuning_cents,
    }
    for (_, row, heard), (bleed_db, other) in zip(sounds, bleed, strict=True):
        row.update(found, pitch_strength=pitch_strength(heard.pitches), bleed_db=bleed_db)
        row["bleed_of"] = sounds[other][0].file if other >= 0 else ""


def _find_lags(sounds: list[tuple[Source, Row, Heard]]) -> None:
    """Compare what has one sample rate, whatever its length: a lag may be why that differs."""
    for rate in {row["sample_rate"] for _, row, _ in sounds}:
        alike = [sound for sound in sounds if sound[1]["sample_rate"] == rate]
        lags = find_lags([heard.onsets for _, _, heard in alike], frames_per_second(rate))
        for (_, row, _), (lag_ms, other) in zip(alike, lags, strict=True):
            row["lag_ms"], row["lag_of"] = lag_ms, alike[other][0].file if other >= 0 else ""


def _compare(stems: list[tuple[str, Row]]) -> None:
    """Give a fault to the stems of one song that differ from the others, or repeat one."""
    if not stems:
        return
    shapes = Counter((row["sample_rate"], row["frames"]) for _, row in stems)
    rate, frames = max(shapes, key=lambda shape: (shapes[shape], shape[1], shape[0]))
    files: dict[str, str] = {}
    sounds: dict[str, str] = {}
    for file, row in stems:
        same = files.setdefault(row["sha256"], file)
        alike = sounds.setdefault(row["sound_sha256"], file)
        if row["sample_rate"] != rate:
            row["fault"] = (
                f"has {row['sample_rate']} Hz where the song's other stems have {rate}; resample it"
            )
        elif row["frames"] != frames:
            row["fault"] = (
                f"has {row['frames']} frames where the song's other stems have {frames}; "
                "trim or pad it"
            )
        elif same != file:
            row["fault"] = f"is the same file as {same}; remove one of them"
        elif alike != file:
            row["fault"] = f"sounds the same as {alike}, or upside down; remove one of them"
