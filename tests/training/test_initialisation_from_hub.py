"""Public weights come from a hub; here from one on this machine that has small networks under the public names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from saliency.errors import HubUnavailableError, RecipeError
from saliency.models.text.encoders import ENCODERS
from saliency.models.tranblend.blip import CHECKPOINT
from saliency.models.trunks import build_trunk
from saliency.runtime.torchvision_compat import ensure_torchvision
from saliency.training.initialisation import load_initial_weights
from saliency.training.recipe import Start
from tests.fake_hub import fake_hub

# What the process prints: a sum of the weights that came through the hub.
TRUNK = """
from torch import nn
from saliency.models.trunks import build_trunk
from saliency.training.initialisation import load_initial_weights
from saliency.training.recipe import Start
model = nn.ModuleDict({"trunk": build_trunk("test_resnet", (8, 16))})
names = load_initial_weights(model, Start(hub=True, target="trunk"))
assert names == set(model.state_dict()), names
print(float(model["trunk"].features.conv1[0].weight.detach().double().sum()))
"""
BLIP = """
from torch import nn
from saliency.models.tranblend.blip import BlipEncoder
from saliency.models.tranblend.spec import TINY_BLIP
from saliency.training.initialisation import load_initial_weights
from saliency.training.recipe import Start
model = nn.ModuleDict({"blip": BlipEncoder(TINY_BLIP)})
assert load_initial_weights(model, Start(hub=True, target="blip")) == set(model.state_dict())
print(float(model["blip"].text.embeddings.word_embeddings.weight.detach().double().sum()))
"""
BERT = """
from saliency.models.text import load_encoder
encoder = load_encoder("bert")
print(float(encoder.encode(["a dog"]).features.sentence.double().sum()))
"""


def through_the_hub(code: str, repository: str, folder: Path) -> float:
    """What `code` prints in a process whose hub has one repository, with the files of `folder`."""
    with fake_hub() as hub:
        hub.commit(f"models/{repository}", {path.name: path.read_bytes() for path in folder.iterdir()})
        own = {"HF_ENDPOINT": hub.address, "HF_HOME": str(folder.parent / "cache"), "HF_HUB_DISABLE_XET": "1"}
        own |= {"HF_HUB_OFFLINE": "0", "NO_PROXY": "127.0.0.1", "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=300, check=False, env=os.environ | own
        )
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_a_trunk_starts_from_timms_weights(tmp_path: Path) -> None:
    ensure_torchvision()
    import timm

    torch.manual_seed(0)
    network = timm.create_model("test_resnet")
    (tmp_path / "network").mkdir()
    save_file(network.state_dict(), tmp_path / "network" / "model.safetensors")
    expected = float(network.conv1[0].weight.detach().double().sum())
    assert through_the_hub(
        TRUNK, timm.get_pretrained_cfg("test_resnet").hf_hub_id, tmp_path / "network"
    ) == pytest.approx(expected)


def test_tranblend_starts_from_blips_towers(tmp_path: Path) -> None:
    ensure_torchvision()
    from transformers import BlipConfig, BlipForImageTextRetrieval

    from saliency.models.tranblend.spec import TINY_BLIP

    torch.manual_seed(0)
    text = {
        "vocab_size": TINY_BLIP.vocabulary,
        "hidden_size": TINY_BLIP.hidden,
        "encoder_hidden_size": TINY_BLIP.image_hidden,
        "intermediate_size": TINY_BLIP.intermediate,
        "num_hidden_layers": TINY_BLIP.layers,
        "num_attention_heads": TINY_BLIP.heads,
        "is_decoder": True,
    }
    vision = {
        "hidden_size": TINY_BLIP.image_hidden,
        "intermediate_size": TINY_BLIP.image_intermediate,
        "num_hidden_layers": TINY_BLIP.image_layers,
        "num_attention_heads": TINY_BLIP.image_heads,
        "image_size": TINY_BLIP.trained_size,
        "patch_size": TINY_BLIP.patch,
    }
    source = BlipForImageTextRetrieval(BlipConfig(text_config=text, vision_config=vision))
    source.save_pretrained(tmp_path / "blip")
    expected = float(source.text_encoder.embeddings.word_embeddings.weight.detach().double().sum())
    assert through_the_hub(BLIP, CHECKPOINT, tmp_path / "blip") == pytest.approx(expected)


@torch.inference_mode()
def test_bert_reads_with_the_weights_of_the_hub(tmp_path: Path) -> None:
    ensure_torchvision()
    from transformers import BertConfig, BertModel, BertTokenizerFast

    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog"]))
    torch.manual_seed(0)
    sizes = BertConfig(vocab_size=7, hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48)
    bert = BertModel(sizes, add_pooling_layer=False).eval()
    bert.save_pretrained(tmp_path / "bert")
    tokeniser = BertTokenizerFast(str(tmp_path / "vocab.txt"))
    tokeniser.save_pretrained(tmp_path / "bert")
    expected = float(bert(torch.tensor([[2, 5, 6, 3]])).last_hidden_state[0, 0].double().sum())
    assert through_the_hub(BERT, ENCODERS["bert"].origin, tmp_path / "bert") == pytest.approx(expected, abs=1e-4)


def test_without_a_network_or_public_weights_the_error_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    ensure_torchvision()
    import timm

    model = torch.nn.ModuleDict({"trunk": build_trunk("test_resnet", (8,)), "head": torch.nn.Linear(2, 2)})
    with pytest.raises(RecipeError, match="part “head” of the model has no public weights"):
        load_initial_weights(model, Start(hub=True, target="head"))
    with pytest.raises(RecipeError, match="no part “tail”"):
        load_initial_weights(model, Start(hub=True, target="tail"))

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(timm, "create_model", refuse)
    with pytest.raises(HubUnavailableError, match="test_resnet"):
        load_initial_weights(model, Start(hub=True, target="trunk"))
