"""What stands in a plan and in a manifest: the columns, their types and units."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

__all__ = ["LATER", "STEP_NUMBERS", "manifest_schema", "plan_schema"]

LATER = {b"later": b"true"}
"""Marks a column that manifests of earlier versions lack, and may."""

STEP_NUMBERS = (
    "loudness_change_lu",
    "stft_distance",
    "spectral_convergence",
    "log_spectral_distance_db",
    "clipped_share",
    "gain_reduction_mean_db",
    "gain_reduction_max_db",
    "gain_reduction_active_share",
    "decay_s",
)
"""What was measured of every step; null where it has no meaning."""


def plan_schema() -> "pyarrow.Schema":
    """Return the columns of ``plan.parquet``: what is going to be rendered.

    ``key`` names the sample, ``shard`` the file that it will stand in, ``index`` its number in
    its ``split``; ``session`` is the drawn session as JSON;
    ``source_sha256`` maps its stems' files to their digests (JSON).
    """
    import pyarrow as pa

    return pa.schema(
        [
            ("key", pa.string()),
            ("split", pa.string()),
            ("shard", pa.string()),
            ("seed", pa.int64()),
            ("index", pa.int64()),
            ("session", pa.string()),
            ("source_sha256", pa.string()),
        ]
    )


def manifest_schema() -> "pyarrow.Schema":
    """Return the columns of ``manifest.parquet``: the plan's, and what was measured.

    ``severity`` is how much of the recipe was done, from 0 to 1. ``tracks`` has one struct a
    stem: where it came from, its gain, its effects with all their numbers (JSON) and whether
    each belongs to the target (``keep``), loudness before master, peak, share of active
    seconds, residual lag of wet against dry. ``lag_samples`` is that of the mixture against
    the sum before master; ``sum_error_db`` how far the wet stems are from summing to it;
    ``pcm_sha256`` maps members to the digests of their samples (JSON), ``members`` to where they
    stand in the shard: ``[offset, size]`` in bytes (JSON), of one tar per field by field.
    ``shard_sha256`` is that of the tar; of several, of the lines ``FIELD SHA256`` in their order.

    Every effect stands there with its facts: what it is, whether and how it can be undone, what
    it took and how audible it was. ``labels`` has one multi-hot list for each class, for the
    "mix" (master and medium) and for the whole "sample".

    What only some samples have is null in the others: ``buses`` and ``sends`` with their
    effects, and of a track its ``sends`` and ``bleeds``, what tells a double from its take, why
    chains were refused (``refusals``), and the side-chains ``left_out`` because nothing played
    their key; ``master_sum_error_db``, how far the stems of the tap ``wet_master`` are from
    summing to the master. Where the recipe has ``songs.match``, samples of several songs say
    whether they are ``matched`` and which classes stayed ``unreached``; of the tracks of a
    matched one, tempo and key as recorded, and their move. docs/manifest.md has all columns with
    formulas and units.
    """
    import pyarrow as pa

    effects = pa.list_(_step())
    bus = pa.struct([("name", pa.string()), ("of", pa.list_(pa.string())), ("effects", effects)])
    label = pa.struct([("of", pa.string()), ("multi_hot", pa.list_(pa.int8()))])
    send = pa.struct([("name", pa.string()), ("pre_fader", pa.bool_()), ("effects", effects)])
    measured = [
        ("coherent", pa.bool_()),
        ("severity", pa.float64()),
        ("songs", pa.list_(pa.string())),
        ("classes", pa.list_(pa.string())),
        ("sample_rate", pa.int64()),
        ("seconds", pa.float64()),
        ("tracks", pa.list_(_track())),
        ("master", effects),
        ("medium", effects),
        ("mixture_lufs", pa.float64()),
        ("mixture_true_peak_dbtp", pa.float64()),
        ("output_gain_db", pa.float64()),
        ("lag_samples", pa.float64()),
        ("sum_error_db", pa.float64()),
        ("pcm_sha256", pa.string()),
        ("shard_sha256", pa.string()),
        ("wetdry_version", pa.string()),
        pa.field("members", pa.string(), metadata=LATER),
        pa.field("sends", pa.list_(send), metadata=LATER),
        pa.field("buses", pa.list_(bus), metadata=LATER),
        pa.field("labels", pa.list_(label), metadata=LATER),
        pa.field("master_sum_error_db", pa.float64(), metadata=LATER),
        pa.field("matched", pa.bool_(), metadata=LATER),
        pa.field("unreached", pa.list_(pa.string()), metadata=LATER),
    ]
    return pa.schema([*plan_schema(), *measured])


def _effect() -> "pyarrow.DataType":
    """Return the type of one effect: its name, its numbers as JSON, whether it is kept."""
    import pyarrow as pa

    return pa.struct([("effect", pa.string()), ("numbers", pa.string()), ("keep", pa.bool_())])


def _step() -> "pyarrow.DataType":
    """Return the type of one effect and what is known of what it did."""
    import pyarrow as pa

    numbers = [pa.field(name, pa.float64()) for name in STEP_NUMBERS]
    return pa.struct(
        [
            *_effect(),
            pa.field("labels", pa.list_(pa.string())),
            pa.field("undoable", pa.string()),
            pa.field("oracle", pa.string()),
            *numbers,
            pa.field("band_change_db", pa.list_(pa.float64())),
        ]
    )


def _track() -> "pyarrow.DataType":
    """Return the type of one track."""
    import pyarrow as pa

    level = pa.struct([("send", pa.string()), ("level_db", pa.float64())])
    refusal = pa.struct([("reason", pa.string()), ("measured", pa.float64())])
    bleed = pa.struct(
        [
            ("file", pa.string()),
            ("level_db", pa.float64()),
            ("delay_samples", pa.int64()),
            ("cutoff_hz", pa.float64()),
        ]
    )
    return pa.struct(
        [
            ("stem_class", pa.string()),
            ("song", pa.string()),
            ("file", pa.string()),
            ("offset_samples", pa.int64()),
            ("gain_db", pa.float64()),
            ("pan", pa.float64()),
            ("loudness_lufs", pa.float64()),
            ("effects", pa.list_(_step())),
            ("chain_gain_db", pa.float64()),
            ("dry_lufs", pa.float64()),
            ("wet_lufs", pa.float64()),
            ("peak_dbfs", pa.float64()),
            ("active_share", pa.float64()),
            ("lag_samples", pa.float64()),
            ("redraws", pa.int64()),
            ("delay_samples", pa.int64()),
            ("detune_cents", pa.float64()),
            ("sends", pa.list_(level)),
            ("bleeds", pa.list_(bleed)),
            ("left_out", pa.list_(_effect())),
            ("refusals", pa.list_(refusal)),
            ("tempo_bpm", pa.float64()),
            ("key", pa.string()),
            ("tempo_ratio", pa.float64()),
            ("transpose_semitones", pa.float64()),
        ]
    )
