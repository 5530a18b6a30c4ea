"""A comparison made by hand, so that its numbers can be computed with numpy."""

from __future__ import annotations

import numpy as np
import pytest

from saliency.conditions import COMPARED, Condition
from saliency.messages import Message
from saliency.results import CheckpointIdentity, Comparison, Prediction

SENTENCES = {
    Condition.PURE: "",
    Condition.GENERAL: "A cat on a mat.",
    Condition.SALIENT: "A <b>cat</b> & a <script>alert(1)</script>",
    Condition.NON_SALIENT: "A mat.",
}


@pytest.fixture
def comparison() -> Comparison:
    """Two models x four conditions on a picture of 480 x 640 pixels; a notice, of one sentence by both models."""
    generator = np.random.default_rng(0)
    predictions = tuple(
        Prediction(
            model=model,
            title=model.title(),
            condition=condition,
            sentence=SENTENCES[condition],
            working_map=generator.random((12, 16), dtype=np.float32),
            shape=(480, 640),
            checkpoint=CheckpointIdentity(model, "ab" * 32, model, "compact"),
            truncated=condition is Condition.GENERAL,
            notices=(Message("The end was not read."),) if condition is Condition.GENERAL else (),
        )
        for model in ("one", "two")
        for condition in COMPARED
    )
    picture = generator.integers(0, 256, (480, 640, 3), dtype=np.uint8)
    return Comparison(picture, predictions, {"decoder": 0.25, "total": 0.5})
