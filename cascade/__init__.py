"""The reference cascade: networks, training, restoration, metrics and judgement."""

from .configuration import TrainConfiguration
from .configuration_files import load_configuration
from .feeds.curriculum import EasyFirst, RisingSeverity, hardness
from .feeds.feed import Feed, Source
from .feeds.playlist import Playlist, Turn
from .fetching import fetch_weights
from .judging.bench import Judged, judge
from .judging.evaluation import SILENT, Evaluation, evaluate_systems, score
from .judging.score_tables import score_table
from .judging.summary import grouped_summary, paired_differences, paired_tests, summary
from .metrics.fidelity import (
    METRICS,
    evaluate,
    loudness_error_lu,
    mmsnr_db,
    multi_resolution_stft_distance,
    sdr_db,
    si_sdr_db,
    zimtohrli_distance,
)
from .metrics.frechet import FrechetDistance, frechet_distance
from .metrics.musicnn import fetch as fetch_musicnn
from .model_export import export_model
from .reports.run import write_run_report
from .restoring.files import restore_file
from .restoring.restoration import Restorer
from .restoring.song_folders import restore_songs
from .restoring.streaming import Stream
from .training.on_the_fly import OnTheFly
from .training.samples import Sample, read_samples
from .training.training import train

__all__ = [
    "METRICS",
    "SILENT",
    "EasyFirst",
    "Evaluation",
    "Feed",
    "FrechetDistance",
    "Judged",
    "OnTheFly",
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
