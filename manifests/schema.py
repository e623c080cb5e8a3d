"""What stands in a plan and in a manifest: the columns, their types and units."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow

__all__ = ["manifest_schema", "plan_schema"]


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
    ``pcm_sha256`` maps members to the digests of their samples (JSON).
    """
    import pyarrow as pa

    effect = pa.struct([("effect", pa.string()), ("numbers", pa.string()), ("keep", pa.bool_())])
    track = pa.struct(
        [
            ("stem_class", pa.string()),
            ("song", pa.string()),
            ("file", pa.string()),
            ("offset_samples", pa.int64()),
            ("gain_db", pa.float64()),
            ("pan", pa.float64()),
            ("loudness_lufs", pa.float64()),
            ("effects", pa.list_(effect)),
            ("chain_gain_db", pa.float64()),
            ("dry_lufs", pa.float64()),
            ("wet_lufs", pa.float64()),
            ("peak_dbfs", pa.float64()),
            ("active_share", pa.float64()),
            ("lag_samples", pa.float64()),
            ("redraws", pa.int64()),
        ]
    )
    measured = [
        ("coherent", pa.bool_()),
        ("severity", pa.float64()),
        ("songs", pa.list_(pa.string())),
        ("classes", pa.list_(pa.string())),
        ("sample_rate", pa.int64()),
        ("seconds", pa.float64()),
        ("tracks", pa.list_(track)),
        ("master", pa.list_(effect)),
        ("medium", pa.list_(effect)),
        ("mixture_lufs", pa.float64()),
        ("mixture_true_peak_dbtp", pa.float64()),
        ("output_gain_db", pa.float64()),
        ("lag_samples", pa.float64()),
        ("sum_error_db", pa.float64()),
        ("pcm_sha256", pa.string()),
        ("shard_sha256", pa.string()),
        ("wetdry_version", pa.string()),
    ]
    return pa.schema([*plan_schema(), *measured])
