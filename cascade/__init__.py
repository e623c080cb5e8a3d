"""The reference cascade: networks, training, restoration, metrics and judgement."""

from .configuration import TrainConfiguration, load_configuration
from .evaluation import Evaluation, evaluate_run, score
from .fetching import fetch_weights
from .files import restore_file
from .frechet import FrechetDistance, frechet_distance
from .judging import Judged, judge, score_table
from .metrics import METRICS, evaluate, mmsnr_db, multi_resolution_stft_distance, sdr_db, si_sdr_db
from .metrics import zimtohrli_distance as zimtohrli_distance
from .musicnn import fetch as fetch_musicnn
from .restoration import Restorer
from .run_report import write_run_report
from .samples import Sample, read_samples
from .song_folders import restore_songs
from .summary import paired_differences, summary
from .training import train

__all__ = [
    "METRICS",
    "Evaluation",
    "FrechetDistance",
    "Judged",
    "Restorer",
    "Sample",
    "TrainConfiguration",
    "evaluate",
    "evaluate_run",
    "fetch_musicnn",
    "fetch_weights",
    "frechet_distance",
    "judge",
    "load_configuration",
    "mmsnr_db",
    "multi_resolution_stft_distance",
    "paired_differences",
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
