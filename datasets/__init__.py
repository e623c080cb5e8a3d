"""From folders of stems to shards: sources, plan, render, build, verify, report, demo songs."""

from .audition import audition
from .build import Built, generate
from .demo_songs import write_songs
from .layouts import LAYOUTS, find_layout
from .plan import Order, draw_one, plan
from .render import render
from .report import write_report
from .samples import make_sample
from .scan import faults, read_catalog, scan, write_catalog
from .shards import read_members
from .splits import DEFAULT_SPLITS, Split, parse_splits
from .unpack import unpack
from .verify import Findings, verify

__all__ = [
    "DEFAULT_SPLITS",
    "LAYOUTS",
    "Built",
    "Findings",
    "Order",
    "Split",
    "audition",
    "draw_one",
    "faults",
    "find_layout",
    "generate",
    "make_sample",
    "parse_splits",
    "plan",
    "read_catalog",
    "read_members",
    "render",
    "scan",
    "unpack",
    "verify",
    "write_catalog",
    "write_report",
    "write_songs",
]
