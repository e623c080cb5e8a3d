"""Songs, loudness, recipes, and sessions: from stems to a mixture and its dry targets."""

from .alignment import lag_samples
from .drawing import Drawer, draw
from .includes import find_recipe, recipe_about
from .law_checks import Verdict, check_effect
from .loudness import (
    integrated_lufs,
    loudness_range_lu,
    momentary_lufs,
    rms_dbfs,
    short_term_lufs,
    true_peak_dbtp,
)
from .mixdown import Mix, TrackMeasures, mix
from .panning import place
from .recipes import Recipe, load_recipe, preset_names
from .schema import recipe_schema
from .sessions import Bleed, Bus, Send, SendLevel, Session, Track
from .songs import Song, Stem, songs_of

__all__ = [
    "Bleed",
    "Bus",
    "Drawer",
    "Mix",
    "Recipe",
    "Send",
    "SendLevel",
    "Session",
    "Song",
    "Stem",
    "Track",
    "TrackMeasures",
    "Verdict",
    "check_effect",
    "draw",
    "find_recipe",
    "integrated_lufs",
    "lag_samples",
    "load_recipe",
    "loudness_range_lu",
    "mix",
    "momentary_lufs",
    "place",
    "preset_names",
    "recipe_about",
    "recipe_schema",
    "rms_dbfs",
    "short_term_lufs",
    "songs_of",
    "true_peak_dbtp",
]
