"""Models of objects measured for an experiment: against masks, and on pictures of two things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from ..data import ObjectSample
from ..data.two_things import TwoThings
from ..imaging import open_picture
from ..metrics.object_evaluator import PICTURE_METRICS, object_scores
from ..predictor import Predictor
from ..results import resized
from .markdown import markdown_table

HEADER = ("", "pictures where both sentences find their thing", "sentences that do", "share of the mask moved")


def object_rows(
    predictors: Mapping[str, Sequence[Predictor]], samples: Sequence[ObjectSample], captions: Mapping[str, str]
) -> pd.DataFrame:
    """One row per run and picture, the metrics of masks as means over the seeds.

    A model that reads has two runs: without a sentence, and with a caption of the picture.

    Args:
        captions: by stem.
    """
    found = []
    for title, group in predictors.items():
        for predictor in group:
            [(model, card)] = predictor.cards.items()
            runs = {title: ""} if card.text_encoder is None else {title: "", f"{title}, captioned": "caption"}
            for sample in samples:
                picture, mask = sample.image(), sample.mask()
                texts = [captions[sample.stem] if run else "" for run in runs.values()]
                for name, map_ in zip(runs, predictor.maps(picture, texts, model), strict=True):
                    scores = object_scores(resized(map_, mask.shape), mask).values
                    row = {"model": name, "stem": sample.stem, "picture": sample.stem, "condition": "pure"}
                    found.append(row | dict(scores))
    keys = ["model", "stem", "picture", "condition"]
    return pd.DataFrame(found).groupby(keys, sort=False)[list(PICTURE_METRICS)].mean().reset_index()


def following(predictors: Mapping[str, Sequence[Predictor]], pictures: Sequence[TwoThings]) -> str:
    """Markdown: a row per run of how well its masks follow sentences about two things of a picture.

    A sentence finds its thing if more of the mask's mass lies in that thing's box than in the other's. How much is
    moved is the mean over the sentences of the share in the thing's box, less that under the other sentence. Of several
    seeds the mean.
    """
    rows = []
    for title, group in predictors.items():
        shares = np.array([[shares_of(predictor, one) for one in pictures] for predictor in group])
        own, other = shares[..., [0, 1], [0, 1]], shares[..., [0, 1], [1, 0]]
        moved = own - shares[..., [1, 0], [0, 1]]
        right = own > other
        counts = right.all(axis=-1).sum(axis=-1).mean(), right.sum(axis=(-2, -1)).mean()
        rows.append(
            (title, f"{counts[0]:g} of {len(pictures)}", f"{counts[1]:g} of {2 * len(pictures)}", f"{moved.mean():.2f}")
        )
    return markdown_table(HEADER, rows)


def shares_of(predictor: Predictor, picture: TwoThings) -> list[list[float]]:
    """For each of the two sentences the share of the mask's mass in each of the two boxes."""
    [model] = predictor.models
    opened = open_picture(picture.image_path).pixels
    maps = predictor.maps(opened, [thing.sentence for thing in picture.things], model)
    return [[thing.share(resized(map_, opened.shape[:2])) for thing in picture.things] for map_ in maps]
