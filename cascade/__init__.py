"""The reference cascade: networks, training, restoration, metrics and judgement."""

from .configuration import TrainConfiguration
from .configuration_files import load_configuration
from .curriculum import EasyFirst, RisingSeverity, hardness
from .evaluation import SILENT, Evaluation, evaluate_systems, score
from .feed import Feed, Source
from .fetching import fetch_weights
from .files import restore_file
from .frechet import FrechetDistance, frechet_distance
from .judging import Judged, judge
from .metrics import (
    METRICS,
    evaluate,
    loudness_error_lu,
    mmsnr_db,
    multi_resolution_stft_distance,
    sdr_db,
    si_sdr_db,
    zimtohrli_distance,
)
from .model_export import export_model
from .musicnn import fetch as fetch_musicnn
from .playlist import Playlist, Turn
from .restoration import Restorer
from .run_report import write_run_report
from .samples import Sample, read_samples
from .score_tables import score_table
from .song_folders import restore_songs
from .streaming import Stream
from .summary import grouped_summary, paired_differences, paired_tests, summary
from .training import train

__all__ = [
    "METRICS",
    "SILENT",
    "EasyFirst",
    "Evaluation",
    "Feed",
    "FrechetDistance",
    "Judged",
    "Playlist",
    "Restorer",
    "RisingSeverity",
    "Sample",
    "Source",
    "Stream",
    "TrainConfiguration",
    "Turn",
    "evaluate",
    "evaluate_systems",
    "export_model",
    "fetch_musicnn",
    "fetch_weights",
    "frechet_distance",
    "grouped_summary",
    "hardness",
    "judge",
    "load_configuration",
    "loudness_error_lu",
    "mmsnr_db",
    "multi_resolution_stft_distance",
    "paired_differences",
    "paired_tests",
    "read_samples",
    "restore_file",
    "restore_songs",
    "score",
    "score_table",
    "sdr_db",
    "si_sdr_db",
    "summary",
    "train",
    "write_run_report",
    "zimtohrli_distance",
]
