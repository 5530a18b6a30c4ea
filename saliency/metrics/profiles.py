"""Profiles: the definition of each metric. A result names its profile.

`tuebingen` is the default. `mit_classic` reproduces the benchmark at saliency.mit.edu until 2018. `legacy_sjtu`
reproduces what earlier papers on SJTU-TIS print.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import MetricError
from . import density, fixations, legacy
from .inputs import Map, Points


@dataclass(frozen=True)
class Case:
    """One prediction and its ground truth, checked and of one size (H, W); None is what is not known.

    Attributes:
        fixations: (N, 2) (row, column).
        others: (M, 2) fixations on other pictures, at this picture's size.
        baseline: (H, W) density that needs no model, for the information gain.
        seed: for the metrics that draw.
    """

    prediction: Map
    density: Map | None = None
    fixations: Points | None = None
    others: Points | None = None
    baseline: Map | None = None
    seed: int = 0


@dataclass(frozen=True)
class Metric:
    """A metric of a profile.

    Attributes:
        score: its value for a case in which everything it `needs` is known.
        needs: names of members of `Case`.
        lower_is_better: true for divergences and errors.
    """

    score: Callable[[Any], float]  # of a `Case`; what the metric needs is not None there
    needs: tuple[str, ...]
    lower_is_better: bool = False

    def applies_to(self, case: Case) -> bool:
        """Whether the case has everything the metric needs."""
        return all(getattr(case, name) is not None for name in self.needs)


@dataclass(frozen=True)
class Profile:
    """A set of definitions.

    Attributes:
        metrics: every metric of the profile by its name in tables.
        default: names of those computed unless others are asked for.
        other_pictures: how many other pictures, drawn at random, give the negatives of shuffled AUC; None for all.
    """

    name: str
    title: str
    metrics: Mapping[str, Metric]
    default: tuple[str, ...]
    other_pictures: int | None = None

    def select(self, names: Sequence[str] | None) -> dict[str, Metric]:
        """The named metrics; None is the default ones.

        Raises:
            MetricError: a name that the profile does not have.
        """
        names = self.default if names is None else names
        unknown = [name for name in names if name not in self.metrics]
        if unknown:
            raise MetricError(f"{self.title} has no {', '.join(unknown)}; it has {', '.join(self.metrics)}")
        return {name: self.metrics[name] for name in names}


_DENSITY, _FIXATIONS = ("density",), ("fixations",)

_COMMON = {
    "MSE": Metric(lambda c: density.mse(c.prediction, c.density), _DENSITY, lower_is_better=True),
    "AUC-Judd": Metric(lambda c: fixations.auc_judd(c.prediction, c.fixations, seed=c.seed), _FIXATIONS),
    "AUC-Borji": Metric(lambda c: fixations.auc_borji(c.prediction, c.fixations, seed=c.seed), _FIXATIONS),
}

_TUEBINGEN = {
    "CC": Metric(lambda c: density.cc(c.prediction, c.density), _DENSITY),
    "SIM": Metric(lambda c: density.sim(c.prediction, c.density), _DENSITY),
    "KL": Metric(lambda c: density.kl(c.prediction, c.density), _DENSITY, lower_is_better=True),
    "NSS": Metric(lambda c: fixations.nss(c.prediction, c.fixations), _FIXATIONS),
    "AUC": Metric(lambda c: fixations.auc(c.prediction, c.fixations), _FIXATIONS),
    "sAUC": Metric(lambda c: fixations.sauc(c.prediction, c.fixations, c.others), ("fixations", "others")),
    "IG": Metric(lambda c: fixations.ig(c.prediction, c.fixations, c.baseline), ("fixations", "baseline")),
    **_COMMON,
}

_MIT_CLASSIC = {
    "CC": _TUEBINGEN["CC"],
    "SIM": Metric(lambda c: density.sim(c.prediction, c.density, minmax=True), _DENSITY),
    "KL": Metric(lambda c: density.kl(c.prediction, c.density, zeros_as_uniform=False), _DENSITY, lower_is_better=True),
    "NSS": Metric(lambda c: fixations.nss(c.prediction, c.fixations, classic=True), _FIXATIONS),
    "sAUC": Metric(
        lambda c: fixations.sauc_classic(c.prediction, c.fixations, c.others, seed=c.seed), ("fixations", "others")
    ),
    "IG": Metric(lambda c: fixations.ig(c.prediction, c.fixations, c.baseline, minmax=True), ("fixations", "baseline")),
    **_COMMON,
}

_LEGACY_SJTU = {
    "CC": Metric(lambda c: density.cc(*map(legacy.at_frame, (c.prediction, c.density))), _DENSITY),
    "AUC20": Metric(lambda c: legacy.auc20(*map(legacy.at_frame, (c.prediction, c.density))), _DENSITY),
    "sAUC20": Metric(lambda c: legacy.sauc20(*map(legacy.at_frame, (c.prediction, c.density))), _DENSITY),
    "NSS-dilated": Metric(lambda c: legacy.nss_dilated(c.prediction, c.fixations), _FIXATIONS),
    "NSS-support": Metric(lambda c: legacy.nss_support(c.prediction, c.density), _DENSITY),
    "NSS-density": Metric(lambda c: legacy.nss_density(c.prediction, c.density), _DENSITY),
}

PROFILES = {
    profile.name: profile
    for profile in (
        Profile("tuebingen", "MIT/Tübingen", _TUEBINGEN, ("CC", "SIM", "KL", "NSS", "AUC", "sAUC")),
        Profile(
            "mit_classic",
            "MIT until 2018",
            _MIT_CLASSIC,
            ("CC", "SIM", "KL", "NSS", "AUC-Judd", "AUC-Borji", "sAUC"),
            other_pictures=10,
        ),
        Profile("legacy_sjtu", "earlier papers on SJTU-TIS", _LEGACY_SJTU, tuple(_LEGACY_SJTU)),
    )
}


def get_profile(name: str) -> Profile:
    """The profile of this name.

    Raises:
        MetricError: there is none; the message lists them.

    Example:
        >>> get_profile("tuebingen").default
        ('CC', 'SIM', 'KL', 'NSS', 'AUC', 'sAUC')
    """
    if name not in PROFILES:
        raise MetricError(f"no metric profile is called {name!r}; there are {', '.join(PROFILES)}")
    return PROFILES[name]
