"""From folders of stems to shards: sources, plan, render, build, verify, report, demo songs."""

from .audition import audition
from .beyond import beyond
from .build import Built, generate
from .card import write_card
from .demo_songs.songs import write_songs
from .engines import Engine, LocalEngine
from .export import export_msrbench
from .fresh import Fresh, SetAside, fresh
from .layouts.known import LAYOUTS, find_layout
from .layouts.unpack import unpack
from .outputs import missing_outputs, write_outputs
from .packing import Replayed, pack, replay_dataset
from .plans.at_scale import write_plan
from .plans.estimate import Estimate, estimate
from .plans.files import read_plan
from .plans.plan import Order, draw_one, plan
from .plans.splits import DEFAULT_SPLITS, Split, parse_splits
from .ray_engine import RayEngine
from .reading import Reader, read
from .render import render
from .repair import Repaired, repair
from .replay import replay_steps
from .reports.comparison import write_comparison
from .reports.dataset import write_report
from .samples import make_sample
from .scanning.catalog import doubts, fault_counts, faults, read_catalog, write_catalog
from .scanning.scan import scan
from .scanning.scanned import Scanned, scanned_beside
from .shares import Share, parse_share
from .tar_headers import Limits
from .tars import index_tar, read_members
from .verify import Findings, verify

__all__ = [
    "DEFAULT_SPLITS",
    "LAYOUTS",
    "Built",
    "Engine",
    "Estimate",
    "Findings",
    "Fresh",
    "Limits",
    "LocalEngine",
    "Order",
    "RayEngine",
    "Reader",
    "Repaired",
    "Replayed",
    "Scanned",
    "SetAside",
    "Share",
    "Split",
    "audition",
    "beyond",
    "doubts",
    "draw_one",
    "estimate",
    "export_msrbench",
    "fault_counts",
    "faults",
    "find_layout",
    "fresh",
    "generate",
    "index_tar",
    "make_sample",
    "missing_outputs",
    "pack",
    "parse_share",
    "parse_splits",
    "plan",
    "read",
    "read_catalog",
    "read_members",
    "read_plan",
    "render",
    "repair",
    "replay_dataset",
    "replay_steps",
    "scan",
    "scanned_beside",
    "unpack",
    "verify",
    "write_card",
    "write_catalog",
    "write_comparison",
    "write_outputs",
    "write_plan",
    "write_report",
    "write_songs",
]
