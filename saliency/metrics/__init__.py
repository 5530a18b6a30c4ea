"""Metrics of predicted maps, the profiles that define them, and the evaluator."""

from .density import cc, compare_maps, kl, mse, sim
from .evaluator import FixationEvaluator, evaluate_fixation
from .fixations import auc, auc_borji, auc_judd, ig, nss, sauc, sauc_classic
from .ground_truth import BLURS, density_from_fixations
from .legacy import auc20, nss_density, nss_dilated, nss_support, sauc20
from .object_evaluator import OBJECT_METRICS, ObjectEvaluator, evaluate_objects
from .objects import e_curve, e_measure, f_curve, f_measure, mae, precision_recall, s_measure, weighted_f
from .profiles import PROFILES, Metric, Profile, get_profile

__all__ = [
    "BLURS",
    "OBJECT_METRICS",
    "PROFILES",
    "FixationEvaluator",
    "Metric",
    "ObjectEvaluator",
    "Profile",
    "auc",
    "auc20",
    "auc_borji",
    "auc_judd",
    "cc",
    "compare_maps",
    "density_from_fixations",
    "e_curve",
    "e_measure",
    "evaluate_fixation",
    "evaluate_objects",
    "f_curve",
    "f_measure",
    "get_profile",
    "ig",
    "kl",
    "mae",
    "mse",
    "nss",
    "nss_density",
    "nss_dilated",
    "nss_support",
    "precision_recall",
    "s_measure",
    "sauc",
    "sauc20",
    "sauc_classic",
    "sim",
    "weighted_f",
]
