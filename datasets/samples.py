"""Samples: what one rendered session becomes in a shard and in the manifest."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..audio import (
    STEM_CLASSES,
    Audio,
    Pcm,
    encode_float,
    encode_pcm,
    encode_preview,
    quantise,
    suffix_of,
)
from ..degradations import Chain
from ..degradations.undoing import LABELS, labels_of
from ..manifests.rows import effect_rows
from ..mixing.alignment import lag_samples
from ..mixing.facts import Facts, StepFacts
from ..mixing.handing import rest_db
from ..mixing.keys import parted
from ..mixing.loudness import integrated_lufs, true_peak_dbtp
from ..mixing.mixdown import Mix, TrackMeasures
from ..mixing.recipes import Recipe
from ..mixing.sessions import Session, Track
from ..mixing.spare_chains import SpareChains
from ..mixing.taps import tapped
from .plans.spares import completed
from .render import render

__all__ = ["Sample", "audios_of", "make_sample", "manifest_row", "member_names", "pcm_digest"]

TRACK_COLUMNS = ("stem_class", "song", "file", "offset_samples", "pan", "loudness_lufs")
MEASURES = (
    "gain_db", "chain_gain_db", "dry_lufs", "wet_lufs", "peak_dbfs", "active_share", "lag_samples",
)  # fmt: skip

Seen = dict[str, list[StepFacts]]
MATCHED_COLUMNS = ("tempo_bpm", "key", "tempo_ratio", "transpose_semitones")

Sample = tuple[dict[str, bytes], dict[str, Any]]
"""Members of a shard by extension, and the row of the manifest."""


def make_sample(
    plan: dict[str, Any],
    stems: Path,
    assets: Path,
    *,
    bits: int,
    previews: str = "",
    recipe: Recipe | None = None,
) -> Sample:
    """Render one row of a plan or of a manifest.

    Parameters
    ----------
    plan : dict
        A row of ``plan.parquet``, or of ``manifest.parquet`` its columns that a plan has.
    stems, assets : Path
        Where the files begin.
    bits : {16, 24, 32}
        Of FLAC; 32 are floats, as WAV.
    previews : {"", "opus", "mp3"}
        A small file beside the mixture, to listen to.
    recipe : Recipe, optional
        That the plan was drawn from; needed where it leaves spare chains to its recipe. A manifest
        has them all.

    Returns
    -------
    members : dict of str to bytes
        By extension, such as ``vocals.dry.flac``; every class is there, silent when absent.
    row : dict
        Of the manifest, but for the shard's own digest.

    Raises
    ------
    AudioError, AssetError
        If a stem or a chain spoils it.
    RecipeError, ShardError
        If chains are left to a recipe, and it is another one or was not given.
    """
    plan = completed(plan, SpareChains(recipe) if recipe else None)
    session = Session.from_row(plan["session"])
    facts = Facts()
    mix = render(session, stems, assets, facts)
    audios = audios_of(session, mix)
    rate, silence = session.sample_rate, _silence(session.samples, session.sample_rate, bits)
    files = {n: silence if a is None else _file(a, rate, bits) for n, a in audios.items()}
    members = {f"{name}.{suffix_of(bits)}": data for name, (data, _) in files.items()}
    if previews:
        members[f"mixture.preview.{previews}"] = encode_preview(mix.mixture, rate, previews)
    digests = {name: digest for name, (_, digest) in files.items()}
    row = manifest_row(plan, session, mix, facts.steps, digests)
    members["json"] = json.dumps(row, sort_keys=True).encode()
    return members, row


def audios_of(session: Session, mix: Mix) -> dict[str, Audio | None]:
    """Return everything that is written, by name; None for the classes that are absent."""
    audios: dict[str, Audio | None] = {"mixture": mix.mixture}
    for name in STEM_CLASSES:
        audios[f"{name.lower()}.dry"] = mix.dry.get(name)
    return audios | tapped(session, mix)


def member_names(session: Session, bits: int, previews: str = "") -> list[str]:
    """Return the members that a session's sample will have, without rendering it."""
    nothing = np.zeros((2, 0), np.float32)
    names = audios_of(session, Mix(nothing, nothing, nothing, {}, {}, {}, {}, {}, (), 0.0))
    preview = [f"mixture.preview.{previews}"] if previews else []
    return [*(f"{name}.{suffix_of(bits)}" for name in names), *preview, "json"]


def _file(audio: Audio, sample_rate: int, bits: int) -> tuple[bytes, str]:
    """Return a lossless file and the digest of its samples."""
    if bits == 32:
        return encode_float(audio, sample_rate), pcm_digest(pcm_of(audio, bits))
    pcm = quantise(audio, bits)
    return encode_pcm(pcm, sample_rate), pcm_digest(pcm)


def pcm_of(audio: Audio, bits: int) -> Pcm:
    """Return audio as the numbers that its file holds, shape (samples, channels)."""
    return np.ascontiguousarray(audio.T) if bits == 32 else quantise(audio, bits)


def pcm_digest(pcm: Pcm) -> str:
    """Return the sha256 of samples, interleaved and little-endian: it outlives any codec."""
    little = pcm.astype(pcm.dtype.newbyteorder("<"), copy=False)
    return sha256(little.data).hexdigest()


@cache
def _silence(samples: int, sample_rate: int, bits: int) -> tuple[bytes, str]:
    """Return the file of an absent class; most samples have several."""
    return _file(np.zeros((2, samples), np.float32), sample_rate, bits)


def manifest_row(
    plan: dict[str, Any], session: Session, mix: Mix, facts: Seen, digests: dict[str, str]
) -> dict[str, Any]:
    """Return what was drawn and what was measured; digests are those of its audios' samples."""
    tracks = [
        _track(session, track, measures, facts[f"track.{number}"])
        for number, (track, measures) in enumerate(zip(session.tracks, mix.measures, strict=True))
    ]
    rate = session.sample_rate
    return {
        **plan,
        "coherent": session.coherent,
        "severity": session.severity,
        "songs": sorted({track.song for track in session.tracks}),
        "classes": [name for name in STEM_CLASSES if name in mix.dry],
        "sample_rate": rate,
        "seconds": session.samples / rate,
        "tracks": tracks,
        "master": _steps(session, session.master, facts["master"]),
        "medium": _steps(session, session.medium, facts["medium"]),
        "mixture_lufs": _number(integrated_lufs(mix.mixture, rate)),
        "mixture_true_peak_dbtp": _number(true_peak_dbtp(mix.mixture, rate)),
        "output_gain_db": mix.output_gain_db,
        "lag_samples": _number(lag_samples(mix.premaster, mix.mixture, rate)),
        "sum_error_db": _number(rest_db(mix.premaster, mix.wet)),
        "wetdry_version": __version__,
        "labels": _labels(session, mix),
        **_routing(session, mix, facts),
        "pcm_sha256": json.dumps(digests, sort_keys=True),
    }


def _track(
    session: Session, track: Track, measures: TrackMeasures, facts: list[StepFacts]
) -> dict[str, Any]:
    """Return what stands in the manifest of one track."""
    chain, left_out = parted(session, track.chains[measures.redraws])
    unusual = {
        "delay_samples": track.delay_samples,
        "detune_cents": track.detune_cents,
        "sends": [level.model_dump() for level in track.sends],
        "bleeds": [bleed.model_dump() for bleed in track.bleeds],
        "left_out": effect_rows(left_out.rows()),
        "refusals": [asdict(refusal) for refusal in measures.refusals],
    }
    if session.matched:
        unusual |= {name: getattr(track, name) for name in MATCHED_COLUMNS}
    return {
        **{name: getattr(track, name) for name in TRACK_COLUMNS},
        "effects": _with(facts, chain),
        **{name: _number(getattr(measures, name)) for name in MEASURES},
        "redraws": measures.redraws,
        **{name: value for name, value in unusual.items() if value},
    }


def _routing(session: Session, mix: Mix, facts: Seen) -> dict[str, Any]:
    """Return the columns of what only some sessions have."""
    row: dict[str, Any] = {}
    groups = (("bus", "buses", session.buses), ("send", "sends", session.sends))
    for name, column, group in groups:
        if group:
            row[column] = [
                {
                    **one.model_dump(exclude={"chain"}),
                    "effects": _steps(session, one.chain, facts[f"{name}.{one.name}"]),
                }
                for one in group
            ]
    if session.matched is not None:
        row |= {"matched": session.matched, "unreached": list(session.unreached)}
    if "wet_master" in session.taps:
        row["master_sum_error_db"] = _number(rest_db(mix.master, mix.wet_master))
    return row


def _steps(session: Session, chain: Chain, facts: list[StepFacts]) -> list[dict[str, Any]]:
    """Return the effects of a chain that are heard, and what is known of each."""
    return _with(facts, parted(session, chain)[0])


def _with(facts: list[StepFacts], chain: Chain) -> list[dict[str, Any]]:
    """Return the effects of a chain and what is known of each."""
    rows = zip(effect_rows(chain.rows()), facts, strict=True)
    return [row | fact.row() for row, fact in rows]


def _labels(session: Session, mix: Mix) -> list[dict[str, Any]]:
    """Return what happened, as multi-hot lists: to each class, to the mix, in the whole sample.

    What belongs to the target is not to be undone and does not count.
    """
    found: dict[str, set[str]] = {}
    for track, measures in zip(session.tracks, mix.measures, strict=True):
        own = found.setdefault(track.stem_class, set())
        going = {level.send for level in track.sends}
        chains = [track.chains[measures.redraws]]
        chains += [bus.chain for bus in session.buses if track.stem_class in bus.of]
        chains += [send.chain for send in session.sends if send.name in going]
        own |= _labels_of(session, chains)
    found["mix"] = _labels_of(session, (session.master, session.medium))
    found["sample"] = set().union(*found.values())
    return [
        {"of": of, "multi_hot": [int(label in names) for label in LABELS]}
        for of, names in found.items()
    ]


def _labels_of(session: Session, chains: Iterable[Chain]) -> set[str]:
    """Return the labels of everything in some chains that is heard and is to be undone."""
    return {
        label
        for chain in (parted(session, chain)[0] for chain in chains)
        for place, effect in enumerate(chain)
        if place not in chain.kept
        for label in labels_of(effect)
    }


def _number(value: float) -> float | None:
    """Return a number that JSON can hold; None where there is none (silence)."""
    return float(value) if np.isfinite(value) else None
