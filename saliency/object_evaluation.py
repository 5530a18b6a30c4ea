"""Scores of models, and of maps that other programs wrote, on a data set of salient objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from .analysis import Analysis
from .data import ObjectDataset, ObjectSample, Sample
from .data.samples import is_picture, read_grey
from .errors import DatasetError, GroundTruthError
from .external_maps import ExternalMaps, ExternalPrediction
from .gaze.reading import array_of
from .messages import Message
from .metrics import ObjectEvaluator
from .metrics.inputs import resize_map
from .metrics.object_evaluator import OBJECT_LOWER, PICTURE_METRICS, ObjectScores, object_scores
from .predictor import Predictor
from .resizing import same_proportions
from .results import CheckpointIdentity, Prediction
from .score_store import Scored, fingerprint


class ObjectMaps(ExternalMaps):
    """Maps of salient objects by another program, found as `ExternalMaps` finds maps of gaze.

    Unlike those they may be empty or of two values. A map of another size than the picture's is resized, bilinear.

    Args:
        name, folder: as for `ExternalMaps`.
        samples: of the data set.
    """

    def __init__(self, name: str, folder: Path | str, samples: Sequence[ObjectSample]) -> None:
        super().__init__(name, folder, [sample.viewed for sample in samples])

    def prediction(self, sample: Sample) -> ExternalPrediction:
        """The map of a sample; `values` are those of the file, of a picture as shares of white.

        Raises:
            DatasetError: there is none, it or the picture cannot be read, or their proportions differ.
        """
        if sample.stem not in self.paths:
            raise DatasetError("There is no map of this sample in “{folder}”.", folder=self._folder.name)
        picture = sample.loaded()  # decoded, too: models and maps are compared on the same samples
        values = _read(self.paths[sample.stem], picture.pixels.shape[:2])
        return ExternalPrediction(
            model=self.name,
            title=self.title,
            condition=sample.condition,
            sentence=sample.sentence,
            working_map=values.astype(np.float32),
            shape=picture.pixels.shape[:2],
            checkpoint=CheckpointIdentity(self.name, "", "maps", ""),
            values=values,
            notices=picture.notices,
        )


class ObjectEvaluation(Analysis):
    """An `Analysis` against masks of salient objects.

    Models see every picture without a sentence. The scores of the samples are those whose mean is the data set's;
    `evaluator` has the maxima, too, which are of the mean curves.

    Args:
        predictor, folder: as for `Analysis`.
        data: what they are scored on.
        maps: `ObjectMaps`, scored like one model more each.

    Raises:
        DatasetError: two of the models have one name.
    """

    task = "objects"
    metrics = PICTURE_METRICS
    lower = OBJECT_LOWER
    definitions = "objects"

    def __init__(
        self,
        predictor: Predictor | None,
        data: ObjectDataset,
        folder: Path | None = None,
        *,
        maps: Sequence[ExternalMaps] = (),
    ) -> None:
        super().__init__(predictor, data, [sample.viewed for sample in data], fingerprint(data), folder, maps)
        self.masks: Mapping[str, ObjectSample] = MappingProxyType({sample.stem: sample for sample in data})

    def score(self, sample: Sample, prediction: Prediction) -> Scored:
        """As `Analysis.score`."""
        # A density sums to 1: its scale is free, as maps are scaled by their minimum and maximum.
        values = prediction.values if isinstance(prediction, ExternalPrediction) else prediction.density
        found = object_scores(values, self.masks[sample.stem].mask())
        return Scored(found.values, found.shape, 0, curves=found.curves)

    def truth(self, sample: Sample) -> np.ndarray:
        """As `Analysis.truth`: the mask."""
        return self.masks[sample.stem].mask().astype(np.float32)

    def evaluator(self, model: str) -> ObjectEvaluator:
        """Everything scored until now of a model, as a data set has it."""
        evaluator = ObjectEvaluator()
        for stem, scored in self.scored_by(model).items():
            if scored.curves is not None:
                evaluator.add_scores(stem, ObjectScores(scored.values, scored.curves, scored.shape))
        return evaluator

    def notices(self) -> tuple[Message, ...]:
        """As `Analysis.notices`, and which metrics are not here."""
        without = Message("The best F and E, which are of whole data sets, are not in this analysis.")
        return (*super().notices(), without)


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """A map in a file, (H, W) float64."""
    if is_picture(path):
        values, white = read_grey(path)
        values = values / white
    else:
        try:
            values = np.asarray(array_of(path), dtype=np.float64).squeeze()
        except (GroundTruthError, ValueError, TypeError) as error:
            why = error.message if isinstance(error, GroundTruthError) else Message("It does not hold numbers.")
            raise DatasetError("The map “{name}” cannot be used. {why}", name=path.name, why=why) from error
    if values.ndim != 2 or not same_proportions(values.shape, shape):
        raise DatasetError(
            "The map “{name}” has the shape {found}, the picture {shape}: their proportions differ.",
            name=path.name,
            found=" x ".join(map(str, values.shape)),
            shape=" x ".join(map(str, shape)),
        )
    return resize_map(values, shape)
