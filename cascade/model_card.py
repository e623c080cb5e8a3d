"""The card of a trained cascade: what it learnt from, how well, and how to use it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from .. import __version__
from ..audio import STEM_CLASSES
from .effect_labels import EffectLabels
from .judging.clusters import MEAN
from .judging.summary import summary

__all__ = ["EXAMPLE", "ModelFacts", "model_card"]

SCORED = {"mmsnr_db": "MMSNR, dB", "si_sdr_db": "SI-SDR, dB"}

EXAMPLE = """\
import json
import numpy as np, onnxruntime, soundfile

one, two = (onnxruntime.InferenceSession(f"model/stage_{n}.onnx") for n in ("one", "two"))
facts = json.loads(one.get_modelmeta().custom_metadata_map["wetdry_model"])
sound, rate = soundfile.read("song.wav", dtype="float32", always_2d=True)
assert rate == facts["sample_rate"], "resample it first"
window, overlap = facts["window_samples"], facts["overlap_samples"]
ramp = np.minimum(1, (np.arange(window, dtype=np.float32) + 0.5) / overlap)
stems, weight = np.zeros((sound.shape[1], 8, len(sound)), np.float32), np.zeros(len(sound))
for start in range(0, max(len(sound) - overlap, 1), window - overlap):
    mixture = sound.T[:, None, start : start + window]
    first = one.run(None, {"mixture": mixture})[0]
    out = two.run(None, {"mixture": mixture, "stage_one": first})[0]
    fade = np.minimum(ramp, ramp[::-1])[: out.shape[-1]]
    stems[..., start : start + window] += out * fade
    weight[start : start + window] += fade
for name, stem in zip(facts["classes"], (stems / weight).swapaxes(0, 1)):
    soundfile.write(f"{name.lower()}.wav", stem.T, rate, "FLOAT")
"""
"""Restores a file window by window with numpy, soundfile and onnxruntime alone."""

CARD = """\
---
license: {licence}
library_name: wetdry
tags: [music-source-restoration, audio, onnx]
---

# A cascade for music source restoration

Gives back the dry stems of a mixture, made with wetdry {version}:
{classes}.

| | |
|---|---|
{rows}

{scores}## Use

```
wetdry restore model song.wav --out restored
```
takes mono and stereo of any rate and length. Without wetdry, at {sample_rate} Hz:

```python
{example}```
`stage_one.onnx` maps `mixture` (batch, 1, samples) to `stems` (batch, 8, samples), in the order
above; `stage_two.onnx` maps `mixture` and `stage_one` to the cascade's `stems`. Channels of stereo
are a batch of two; any length will do. The metadata `wetdry_model` says the rest.
{student}
## Limits

It knows the classes, instruments and effects that it learnt from, and estimates: a stem may hold
what belongs to another. Songs named in `run.json` are no test of it.
"""


STUDENT = """
`student.onnx` says in one pass what the cascade says, from `mixture` to `stems`; with wetdry:
`wetdry restore model song.wav --out restored --student`.
"""

TUNED = """
Both stages were tuned together, and are exported as they were after that (`joint.safetensors`).
"""


@dataclass(frozen=True)
class ModelFacts:
    """What a card tells of a model.

    Parameters
    ----------
    about : dict
        Of ``run.json``.
    licence : str
    steps : dict
        What each stage's weights say of themselves, by stage.
    errors : dict
        How far each ONNX file is from torch, relative to the peak.
    scores : Path
        As ``wetdry evaluate`` leaves them; may be absent.
    """

    about: Mapping[str, Any]
    licence: str
    steps: Mapping[str, Mapping[str, Any]]
    errors: Mapping[str, float]
    scores: Path


def model_card(facts: ModelFacts) -> str:
    """Return the text of README.md; the same facts give the same bytes.

    Parameters
    ----------
    facts : ModelFacts
    """
    configuration = facts.about["configuration"]
    return CARD.format(
        licence=json.dumps(facts.licence),
        classes=", ".join(STEM_CLASSES),
        version=__version__,
        rows="\n".join(f"| {name} | {value} |" for name, value in _rows(facts)),
        scores=_scores(facts.scores),
        sample_rate=configuration["sample_rate"],
        example=EXAMPLE,
        student="".join(
            words for name, words in (("joint", TUNED), ("student", STUDENT)) if name in facts.steps
        ),
    )


def _rows(facts: ModelFacts) -> Sequence[tuple[str, str]]:
    """Return what is known of the run, line by line."""
    about, configuration = facts.about, facts.about["configuration"]
    rows = [("licence", facts.licence)]
    if "songs" in about:
        validation = len((about.get("validation") or {}).get("songs", ()))
        rows.append(("songs learnt from", str(len(about["songs"]) - validation)))
        rows.append(("songs that chose the weights", str(validation)))
        rows.append(("songs held out for testing", str(len(about.get("held_out", ())))))
    if "dataset" in about:
        rows.append(("dataset", f"`{about['dataset']}`"))
    rows.append(("sample rate", f"{configuration['sample_rate']} Hz"))
    if labels := EffectLabels.of_run(about):
        way = configuration["stage_one"]["effects"]
        rows.append((f"effects ({way}; not in the ONNX files)", ", ".join(labels.names)))
    for stage, told in facts.steps.items():
        network = configuration[stage].get("network", {})
        if network is None:  # a student's, where it is stage one's
            network = configuration["stage_one"]["network"]
        size = ", ".join(f"{name} {value}" for name, value in network.items())
        said = [f"{told['step']} steps"] if "step" in told else []
        if told.get("held_out_mmsnr_db") is not None:
            said.append(f"MMSNR {told['held_out_mmsnr_db']:.2f} dB on the songs that chose it")
        if stage in facts.errors:
            said.append(f"ONNX within {facts.errors[stage]:.1e} of torch's peak")
        rows.append((stage.replace("_", " "), "; ".join([*([size] if size else []), *said])))
    rows.append(("trained by wetdry", str(about.get("wetdry", "unknown"))))
    return rows


def _scores(path: Path) -> str:
    """Return the tables of scores, if there are any."""
    if not path.exists():
        return "Not scored: `wetdry evaluate` before the export brings its tables here.\n\n"
    table = summary(pd.read_parquet(path))
    order = [*STEM_CLASSES, MEAN]
    lines = ["## Scores", "", "Of `wetdry evaluate`; means, and how many stems they are of.", ""]
    for metric, title in SCORED.items():
        own = table[(table["metric"] == metric) & table["mean"].notna()]
        if not len(own):
            continue
        columns = [name for name in order if name in set(own["stem_class"])]
        lines += [f"| {title} | {' | '.join(columns)} |", "|---" * (len(columns) + 1) + "|"]
        for system, part in own.groupby("system", sort=False):
            cells = part.set_index("stem_class")["mean"].reindex(columns)
            shown = ["-" if pd.isna(value) else f"{round(value, 2) + 0.0:.2f}" for value in cells]
            lines.append(f"| {str(system).replace('_', ' ')} | {' | '.join(shown)} |")
        counts = own.groupby("stem_class")["count"].max().reindex(columns)
        lines += [f"| stems | {' | '.join(str(int(count)) for count in counts)} |", ""]
    return "\n".join(lines) + "\n"
