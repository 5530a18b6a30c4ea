"""A model on a data set: what cannot be predicted is named."""

import pytest

from saliency.data import SjtuTis
from saliency.errors import DatasetError, UnknownModelError
from saliency.evaluation import predict_samples
from saliency.predictor import Predictor

from .samples import write_data_set
from .tiny import in_miniature


@pytest.fixture
def predictor(tmp_path):
    with in_miniature(tmp_path / "checkpoints") as folder:
        yield Predictor(checkpoint_dir=folder, precision="float32")


def test_a_refused_picture_is_reported_with_its_sample(predictor, tmp_path):
    root = write_data_set(tmp_path / "data", pictures=2)
    samples = SjtuTis(root)
    for path in (root / "image_1800").glob("000000000002*"):
        path.write_bytes(b"no picture")
    predictions = predict_samples(predictor, samples, "reader")
    stems = []
    with pytest.raises(DatasetError, match=r"Sample “000000000002_0” cannot be predicted\. .*not a picture") as error:
        stems += (sample.stem for sample, _ in predictions)
    assert str(tmp_path) not in str(error.value)
    assert {stem[:12] for stem in stems} == {"000000000001"}, "what came before it is not lost"


def test_an_unknown_model_is_not_the_samples_fault(predictor, tmp_path):
    samples = SjtuTis(write_data_set(tmp_path / "data", pictures=1))
    with pytest.raises(UnknownModelError, match="nobody"):
        next(predict_samples(predictor, samples, "nobody"))
