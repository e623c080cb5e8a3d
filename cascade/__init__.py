"""The reference cascade: networks, training, restoration, metrics and judgement."""

from .configuration import TrainConfiguration, load_configuration
from .curriculum import EasyFirst, RisingSeverity, hardness
from .evaluation import Evaluation, evaluate_run, score
from .feed import Feed, Source
from .fetching import fetch_weights
from .files import restore_file
from .frechet import FrechetDistance, frechet_distance
from .judging import Judged, judge, score_table
from .metrics import METRICS, evaluate, mmsnr_db, multi_resolution_stft_distance, sdr_db, si_sdr_db
from .metrics import zimtohrli_distance as zimtohrli_distance
from .musicnn import fetch as fetch_musicnn
from .playlist import Playlist, Turn
from .restoration import Restorer
from .run_report import write_run_report
from .samples import Sample, read_samples
from .summary import paired_differences, summary
from .training import train

__all__ = [
    "METRICS",
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
    "TrainConfiguration",
    "Turn",
    "evaluate",
    "evaluate_run",
    "fetch_musicnn",
    "fetch_weights",
    "frechet_distance",
    "hardness",
    "judge",
    "load_configuration",
    "mmsnr_db",
    "multi_resolution_stft_distance",
    "paired_differences",
    "read_samples",
    "restore_file",
    "score",
    "score_table",
    "sdr_db",
    "si_sdr_db",
    "summary",
    "train",
    "write_run_report",
    "zimtohrli_distance",
]
