"""Metrics of predicted maps, the profiles that define them, and the evaluator."""

from .density import cc, compare_maps, kl, mse, sim
from .evaluator import FixationEvaluator, evaluate_fixation
from .fixations import auc, auc_borji, auc_judd, ig, nss, sauc, sauc_classic
from .ground_truth import BLURS, density_from_fixations
from .legacy import auc20, nss_density, nss_dilated, nss_support, sauc20
from .profiles import PROFILES, Metric, Profile, get_profile

__all__ = [
    "BLURS",
    "PROFILES",
    "FixationEvaluator",
    "Metric",
    "Profile",
    "auc",
    "auc20",
    "auc_borji",
    "auc_judd",
    "cc",
    "compare_maps",
    "density_from_fixations",
    "evaluate_fixation",
    "get_profile",
    "ig",
    "kl",
    "mse",
    "nss",
    "nss_density",
    "nss_dilated",
    "nss_support",
    "sauc",
    "sauc20",
    "sauc_classic",
    "sim",
]
