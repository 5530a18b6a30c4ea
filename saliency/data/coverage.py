"""The ground truth that a data set has and lacks, checked before the first prediction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import DatasetError
from ..messages import Message
from .samples import Sample, picture_of


def has_ground_truth(sample: Sample) -> bool:
    """Whether the sample has a map or fixations."""
    return sample.map_path is not None or sample.fixation_path is not None


def check_ground_truth(samples: Sequence[Sample], unmatched: Iterable[Path] = ()) -> tuple[Message, ...]:
    """Notices on what there is no ground truth for, and on which kind of it the data set lacks.

    Args:
        samples: of the data set.
        unmatched: files of ground truth that are of none of the pictures.

    Raises:
        DatasetError: no sample has a map or fixations.
    """
    unmatched = sorted(unmatched)
    have = [sample for sample in samples if has_ground_truth(sample)]
    if not have:
        raise _nothing(samples, unmatched)
    notices = []
    if len(have) < len(samples):
        notices.append(
            Message(
                "{without:,} of {total:,} samples have neither a map nor fixations (first “{first}”).",
                without=len(samples) - len(have),
                total=len(samples),
                first=next(sample.stem for sample in samples if not has_ground_truth(sample)),
            )
        )
    if unmatched:
        notices.append(
            Message(
                "Files of ground truth that have the name of no picture: {count:,} (first “{first}”).",
                count=len(unmatched),
                first=unmatched[0].name,
            )
        )
    if all(sample.map_path is None for sample in have):
        notices.append(Message("This data set has fixations only: metrics of density maps are not defined for it."))
    if all(sample.fixation_path is None for sample in have):
        notices.append(Message("This data set has density maps only: metrics of fixations are not defined for it."))
    return tuple(notices)


def _nothing(samples: Sequence[Sample], unmatched: Sequence[Path]) -> DatasetError:
    total = len({picture_of(sample) for sample in samples})
    if not samples:
        return DatasetError("The data set has no samples.")
    first = samples[0].image_path.name
    if not unmatched:
        return DatasetError(
            "None of {total:,} pictures has a map or fixations of its name (first picture “{first}”): there are no "
            "files of ground truth.",
            total=total,
            first=first,
        )
    return DatasetError(
        "None of {total:,} pictures has a map or fixations of its name (first picture “{first}”, first map “{other}”).",
        total=total,
        first=first,
        other=unmatched[0].name,
    )
