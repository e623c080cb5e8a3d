"""The meters of peak and RMS under the name by which mixing calls them; see `loudness`."""

from ..degradations.dsp.peaks import TAPS, peak_between, rms_dbfs, true_peak_dbtp

__all__ = ["TAPS", "peak_between", "rms_dbfs", "true_peak_dbtp"]
