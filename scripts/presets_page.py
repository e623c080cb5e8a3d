"""Write docs/presets.md: what each preset is for, and three samples of each to look at.

    python scripts/presets_page.py                  the text alone, from what was measured before
    python scripts/presets_page.py --stems FOLDER   pictures and numbers anew, from real songs

The pictures need matplotlib (``pip install matplotlib``); nothing else of wetdry does.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wetdry.audio import Audio
from wetdry.datasets import Order, draw_one, read_catalog, scan
from wetdry.datasets.render import render
from wetdry.datasets.report_pictures import RANGE_DB, levels_db
from wetdry.degradations import Chain, Dynamics
from wetdry.errors import AssetError
from wetdry.mixing import Recipe, Session, integrated_lufs, load_recipe, preset_names, true_peak_dbtp

DOCS = Path(__file__).parents[1] / "docs"
MEASURED = DOCS / "presets" / "measured.json"
EXAMPLES = 3
BLOCK_S = 0.05
HEAD = """# Presets

What each preset is for, and three samples of each, drawn with seed 0 from real songs:
`python scripts/presets_page.py --stems FOLDER` writes this page. In each column, from the top: the
sum of the dry stems, the mixture that the preset made of them ({low:g} Hz to 18 kHz, {range:g} dB), the
level of both (RMS of {block:g} ms), and the gain of the dynamics: of the master, and of the stem on
which they worked most. `wetdry recipe show NAME` prints a preset to start from.
"""
