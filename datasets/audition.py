"""Audition: hear one chain of a recipe on one file."""

from pathlib import Path

import numpy as np

from .. import audio
from ..audio import STEM_CLASSES, Audio, amplitude, decibels
from ..degradations import Chain, Scope
from ..degradations.effect import did_you_mean
from ..errors import RecipeError
from ..manifests.files import write_atomically
from ..mixing.linked import draw_linked, stem_names
from ..mixing.loudness import integrated_lufs
from ..mixing.recipes import Recipe
from ..seeds import stream

__all__ = ["audition"]


def audition(
    recipe: Recipe, source: Path, out: Path, *, seed: int = 0, stem_class: str | None = None
) -> Chain:
    """Draw a chain, send a file through it, and write the outcome at the file's loudness.

    Parameters
    ----------
    recipe : Recipe
    source, out : Path
        ``out`` ends in .wav or .flac; it is written at the recipe's rate.
    seed : int
    stem_class : str, optional
        Whose chain to draw; by default the part that is for all classes.

    Returns
    -------
    Chain
        What was drawn.

    Raises
    ------
    RecipeError
        If the recipe has nothing for that class.
    AudioError
        If the file cannot be read, or the chain makes nonsense of it.
    """
    parts = _parts(recipe, stem_class)
    scope = _scope(recipe, seed, stem_class)
    chain = Chain.joined(
        recipe.stems[part].draw(seed, "audition", part, scope=scope) for part in parts
    )
    recording, file_rate = audio.read(source)
    recording = audio.resample(recording, file_rate, recipe.sample_rate)
    level = recipe.levels[stem_class].get("input_peak_dbfs") if stem_class else None
    entering = recording
    if level is not None:
        peak_dbfs = decibels(float(np.abs(recording).max(initial=0.0)))
        wanted_dbfs = level.draw(stream(seed, "audition", "input_peak_dbfs").random, scope.names)
        entering = recording * np.float32(amplitude(wanted_dbfs - peak_dbfs))
    wet = chain.located(recipe.folder)(entering, recipe.sample_rate)
    _write(_as_loud(wet, recording, recipe.sample_rate), recipe.sample_rate, out)
    return chain


def _scope(recipe: Recipe, seed: int, stem_class: str | None) -> Scope:
    """Draw what a sample of this one stem would know of itself."""
    linked = draw_linked(recipe.linked, seed, "audition")
    severity = recipe.severity.draw(stream(seed, "audition", "severity").random, linked)
    names = {**linked, "stems": 1}
    loudness = recipe.levels[stem_class or STEM_CLASSES[0]].get("loudness_lufs")
    level = {}
    if loudness is not None:
        random = stream(seed, "audition", "loudness_lufs").random
        level["loudness_lufs"] = loudness.draw(random, names)
    return Scope(names, severity).knowing(stem_names(stem_class or "all", level))


def _parts(recipe: Recipe, stem_class: str | None) -> list[str]:
    """Return the chains that a class goes through, or the one that is for all."""
    if stem_class not in (None, *STEM_CLASSES):
        hint = did_you_mean(str(stem_class), list(STEM_CLASSES))
        raise RecipeError(f"--stem: wanted a class of stems, found {stem_class!r}; {hint}")
    parts = [part for part in ("all", str(stem_class)) if part in recipe.stems]
    if not parts:
        raise RecipeError(
            f"{recipe.name}: wanted a chain for {stem_class or 'all'}, found chains for "
            f"{', '.join(recipe.stems) or 'nobody'}; say which class with --stem"
        )
    return parts


def _as_loud(wet: Audio, recording: Audio, sample_rate: int) -> Audio:
    """Return the outcome at the recording's loudness, or as much of it as fits below 0 dBFS."""
    change_db = integrated_lufs(recording, sample_rate) - integrated_lufs(wet, sample_rate)
    peak = float(np.abs(wet).max(initial=0.0))
    gain_db = min(change_db if np.isfinite(change_db) else 0.0, -0.1 - decibels(max(peak, 1e-9)))
    return wet * np.float32(amplitude(gain_db))


def _write(wet: Audio, sample_rate: int, out: Path) -> None:
    """Write a wav or flac file of 24 bits, whole or not at all."""
    data = audio.encode_pcm(audio.quantise(wet, 24), sample_rate, out.suffix.lstrip(".").upper())
    write_atomically(out, data)
