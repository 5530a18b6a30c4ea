"""How often a comparison runs each network: counts, which no busy machine changes, instead of seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from saliency import checkpoints
from saliency.checkpoints import Description
from saliency.conditions import Condition
from saliency.models import registry
from saliency.models.detector import YOLOXNano
from saliency.models.grounding import Referent
from saliency.models.gsgnet.model import GSGNet
from saliency.models.text import TextEncoder
from saliency.models.tranblend.model import TranBlend
from saliency.models.transalnet.model import TranSalNet
from saliency.models.trunks.trunk import Trunk
from saliency.predictor import Predictor

SENTENCES = {
    Condition.PURE: "",
    Condition.GENERAL: "A park.",
    Condition.SALIENT: "A dog.",
    Condition.NON_SALIENT: "A cup.",
}
CALLS = {
    "trunk": (Trunk, "forward"),
    "detector": (YOLOXNano, "forward"),
    "referent, picture": (Referent, "encode"),
    "referent, sentences": (Referent, "forward"),
    "text": (TextEncoder, "_encode"),
    "tranblend": (TranBlend, "decode_grounded"),
    "gsgnet": (GSGNet, "decode_grounded"),
    "transalnet": (TranSalNet, "decode"),
}
SMALL = {"trunk": "test_resnet", "height": 48, "width": 64}
CONFIGS: dict[str, dict[str, Any]] = {"tranblend": {"backbone": SMALL}, "gsgnet": SMALL, "transalnet": SMALL}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Untrained checkpoints of the compact presets, small, with one trunk, one detector and one grounding."""
    folder = tmp_path_factory.mktemp("compact")
    parts: dict[str, Mapping[str, torch.Tensor]] = {}
    for name, config in CONFIGS.items():
        model = registry.create(name, "compact", **config)
        branch = model.grounding_branch
        for part, module in {"trunk": model.front_end.trunk, "grounding": branch and branch.grounding}.items():
            if module is not None:
                module.load_state_dict(parts.setdefault(part, module.state_dict()))
        preset = registry.preset(name, "compact")
        description = Description(
            name=name,
            model=name,
            preset="compact",
            config=config,
            text_encoder=preset.text_encoder,
            preprocessing=model.config.preprocessing(),
            licence="none",
        )
        checkpoints.save(model, description, folder)
    return folder


@pytest.fixture
def calls(monkeypatch) -> Counter[str]:
    """How often each network of `CALLS` has run."""
    counted: Counter[str] = Counter()
    for word, (owner, name) in CALLS.items():
        function = getattr(owner, name)

        def counting(self: Any, *given: Any, function: Any = function, word: str = word) -> Any:
            counted[word] += word != "text" or any(given[0])  # sentences that are not blank or known
            return function(self, *given)

        monkeypatch.setattr(owner, name, counting)
    return counted


def picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def test_a_picture_is_read_once_for_all_models_and_sentences(folder, calls):
    predictor = Predictor(list(CONFIGS), checkpoint_dir=folder, precision="float32")
    calls.clear()
    predictor.predict(picture(0), SENTENCES)
    comparison = Counter(dict.fromkeys(CALLS, 1)) + Counter(["trunk"])
    assert calls == comparison, "TranSalNet's pictures are of another size"

    calls.clear()
    predictor.predict(picture(0), SENTENCES | {Condition.SALIENT: "A bicycle."})
    assert calls == {"referent, sentences": 1, "text": 1, "tranblend": 1, "gsgnet": 1}

    calls.clear()
    predictor.predict(picture(0), SENTENCES, words=True)
    assert calls == {}

    predictor.predict(picture(1), SENTENCES)
    assert calls == comparison - Counter(["text"]), "sentences are encoded once"
