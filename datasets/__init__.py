"""From folders of stems to shards: sources, plan, render, build, verify, report, demo songs."""

from .audition import audition
from .build import Built, generate
from .demo_songs import write_songs
from .plan import Order, draw_one, plan
from .render import render
from .replay import replay_steps
from .report import write_report
from .samples import make_sample
from .scan import faults, read_catalog, scan, write_catalog
from .shards import read_members
from .splits import DEFAULT_SPLITS, Split, parse_splits
from .verify import Findings, verify

__all__ = [
    "DEFAULT_SPLITS",
    "Built",
    "Findings",
    "Order",
    "Split",
    "audition",
    "draw_one",
    "faults",
    "generate",
    "make_sample",
    "parse_splits",
    "plan",
    "read_catalog",
    "read_members",
    "render",
    "replay_steps",
    "scan",
    "verify",
    "write_catalog",
    "write_report",
    "write_songs",
]
