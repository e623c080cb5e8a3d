"""The loudness meter under the name by which mixing calls it; it lives one floor below.

Some effects find their own drive by it, and imports go down only.
"""

from ..degradations.dsp.loudness import (
    gated_lufs,
    hop_energies,
    integrated_lufs,
    k_weighting,
    loudness_range_lu,
    momentary_lufs,
    rms_dbfs,
    short_term_lufs,
    true_peak_dbtp,
)

__all__ = [
    "gated_lufs",
    "hop_energies",
    "integrated_lufs",
    "k_weighting",
    "loudness_range_lu",
    "momentary_lufs",
    "rms_dbfs",
    "short_term_lufs",
    "true_peak_dbtp",
]
