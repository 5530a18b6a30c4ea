"""Maps of the shipped checkpoints, as recorded in maps.npz.

``python -m tests.golden.maps`` records them again: only where other checkpoints ship, never to make a test pass.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saliency.conditions import Condition
from saliency.predictor import Predictor

FOLDER = Path(__file__).parent
RECORDED = FOLDER / "maps.npz"
SENTENCES = {
    "astronaut": {
        Condition.PURE: "",
        Condition.GENERAL: "A smiling astronaut in an orange suit poses with her helmet in front of a flag.",
        Condition.WHOLE: "A woman poses for a photograph.",
        Condition.SALIENT: "A woman smiles.",
        Condition.NON_SALIENT: "A round blue badge is sewn on the suit.",
    },
    "coffee": {
        Condition.PURE: "",
        Condition.GENERAL: "A cup of coffee and a spoon on a red saucer stand on a wooden table.",
        Condition.WHOLE: "Somebody has a break.",
        Condition.SALIENT: "A red cup is half filled with coffee.",
        Condition.NON_SALIENT: "A small metal spoon lies on the saucer.",
    },
}
STEP = 2  # every second row and column: enough to pin a map, and a file a quarter as large


def predicted() -> dict[str, np.ndarray]:
    """Each map as a share of its peak, (h / 2, w / 2) float32, by ``picture.model.condition``; in float32."""
    predictor = Predictor(precision="float32")
    maps = {}
    for picture, sentences in SENTENCES.items():
        for prediction in predictor.predict(FOLDER / f"{picture}.png", sentences).predictions:
            values = prediction.working_map
            name = f"{picture}.{prediction.model}.{prediction.condition.value}"
            maps[name] = (values / values.max())[::STEP, ::STEP]
    return maps


if __name__ == "__main__":
    np.savez_compressed(RECORDED, **predicted())
