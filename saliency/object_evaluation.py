"""Scores of models, and of maps that other programs wrote, on a data set of salient objects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from .analysis import LeftOut, Progress, by_name, left_out_of
from .data import ObjectDataset, ObjectSample, Sample
from .data.samples import is_picture, read_grey
from .errors import DatasetError, GroundTruthError, SaliencyError
from .evaluation import OF_A_SAMPLE, Answer, PredictorModel
from .external_maps import ExternalMaps, ExternalPrediction
from .gaze.frames import same_proportions
from .gaze.reading import array_of
from .messages import Message
from .metrics import ObjectEvaluator
from .metrics.inputs import resize_map
from .predictor import Predictor
from .results import CheckpointIdentity


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


class ObjectEvaluation:
    """The scores of models and maps on one data set; nothing is stored on disk.

    Models see every picture without a sentence. A sample whose picture, mask or map cannot be used is left out.

    Args:
        predictor: all of its models are scored; None where there are only `maps`.
        data: what they are scored on.
        maps: scored like one model more each.

    Attributes:
        sources: models and maps by name.
        evaluators: the scores of each, filled by `run`.

    Raises:
        DatasetError: two of the models have one name.
    """

    def __init__(self, predictor: Predictor | None, data: ObjectDataset, *, maps: Sequence[ObjectMaps] = ()) -> None:
        models = () if predictor is None else [PredictorModel(predictor, name) for name in predictor.models]
        self.data = data
        self.samples: Mapping[str, ObjectSample] = MappingProxyType({sample.stem: sample for sample in data})
        self.sources = by_name([*models, *maps])
        self.evaluators = {name: ObjectEvaluator() for name in self.sources}
        self._left_out: dict[str, dict[str, Message]] = {name: {} for name in self.sources}

    def run(self) -> Iterator[Progress]:
        """Scores everything, and says before the first and after every sample how far it is."""
        done, total = 0, len(self.sources) * len(self.samples)
        views = [sample.viewed for sample in self.samples.values()]
        for name, source in self.sources.items():
            yield Progress(name, done, total)
            for sample, answer in source.answers(views):
                why = self._score(name, sample.stem, answer)
                if why is not None:
                    self._left_out[name][sample.stem] = why.message
                done += 1
                yield Progress(name, done, total)

    def left_out(self) -> tuple[LeftOut, ...]:
        """The samples that were left out, in the order of the data set."""
        return left_out_of(self._left_out, self.samples)

    def _score(self, name: str, stem: str, answer: Answer) -> SaliencyError | None:
        """Adds the scores of a map; the error where there are none."""
        if isinstance(answer, SaliencyError):
            return answer
        # A density sums to 1: its scale is free, as maps are scaled by their minimum and maximum.
        values = answer.values if isinstance(answer, ExternalPrediction) else answer.density
        try:
            self.evaluators[name].add(stem, values, self.samples[stem].mask())
        except OF_A_SAMPLE as error:
            return error
        return None


def _read(path: Path, shape: tuple[int, int]) -> np.ndarray:
    """A map in a file, (H, W) float64."""
    if is_picture(path):
        values, white = read_grey(path)
        values = values / white
    else:
        try:
            values = np.asarray(array_of(path), dtype=np.float64).squeeze()
        except (GroundTruthError, ValueError, TypeError) as error:
            why = error.message if isinstance(error, GroundTruthError) else "It does not hold numbers."
            raise DatasetError("The map “{name}” cannot be used. {why}", name=path.name, why=why) from error
    if values.ndim != 2 or not same_proportions(values.shape, shape):
        raise DatasetError(
            "The map “{name}” has the shape {found}, the picture {shape}: their proportions differ.",
            name=path.name,
            found=" x ".join(map(str, values.shape)),
            shape=" x ".join(map(str, shape)),
        )
    return resize_map(values, shape)
