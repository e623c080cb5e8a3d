"""MSRBench: ``<Class>/target/<clip>.flac``, and the same clip degraded as ``<clip>_DT<k>.flac``.

The folders ``target`` and ``mixture`` may be missing. It is a test set: its targets are found as
the split ``test``, its mixtures passed over.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from .class_names import class_of, unknown
from .layout import Layout, Source, Verdict, source
from .tree import Found, folders, walk

__all__ = ["MSRBENCH"]

SHAPE = "<Class>/target/<clip>.flac"
DEGRADED = re.compile(r".*_DT\d+")


def _find(root: Path) -> Iterator[Source]:
    for found in walk(root):
        if found.fault is None and _is_mixture(found):
            continue
        name, clip = found.parts[0], Path(found.parts[-1]).stem
        yield source(found, f"{name}/{clip}", _judge(found), "test")


def _is_mixture(found: Found) -> bool:
    return "mixture" in found.parts[1:-1] or bool(DEGRADED.fullmatch(Path(found.parts[-1]).stem))


def _judge(found: Found) -> Verdict:
    if len(found.parts) == 1:
        return Verdict("", f"belongs to no class; the layout is {SHAPE}")
    known = class_of(found.parts[0])
    return Verdict(known) if known else Verdict("", unknown(found.parts[0]))


def _is_msrbench(root: Path) -> bool:
    classes = [folder for folder in folders(root) if class_of(folder.name)]
    kinds = ("mixture", "target")
    if any(all(os.path.isdir(folder / kind) for kind in kinds) for folder in classes):
        return True
    files = (path for folder in classes for path in folder.glob("*_DT*.flac"))
    return any(DEGRADED.fullmatch(path.stem) for path in files)


MSRBENCH = Layout(
    "msrbench", SHAPE, _is_msrbench, _find, "MSRBench: see its page; a test set, not for training"
)
