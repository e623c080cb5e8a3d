"""Versions of everything that shapes the bytes: other versions, other dataset."""

from importlib.metadata import version

from .. import __version__

__all__ = ["FORMAT_VERSION", "library_versions"]

FORMAT_VERSION = 2
"""Raised whenever the same recipe, seed and stems would give other bytes."""

LIBRARIES = ("numba", "numpy", "pedalboard", "pyroomacoustics", "scipy", "soundfile", "soxr")


def library_versions() -> dict[str, str]:
    """Return the versions of wetdry and of the libraries that touch samples."""
    return {"wetdry": __version__, **{name: version(name) for name in LIBRARIES}}
