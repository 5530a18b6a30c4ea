"""torchvision imports beside a CPU-only torch; each case needs a fresh interpreter, because imports are remembered."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("torch")


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)


def test_torchvision_and_its_importers_import() -> None:
    done = run(
        "from saliency.runtime.torchvision_compat import ensure_torchvision\n"
        "ensure_torchvision(); ensure_torchvision()\n"
        "import torch, torchvision\n"
        "assert torchvision.models.vgg16().features(torch.zeros(1, 3, 32, 32)).shape == (1, 512, 1, 1)\n"
        "import timm, open_clip, transformers\n"
        "from transformers import BertModel\n"
    )
    assert done.returncode == 0, done.stderr


def test_an_operator_without_a_kernel_is_refused_and_one_with_a_kernel_works() -> None:
    done = run(
        "from saliency.runtime.torchvision_compat import ensure_torchvision\n"
        "ensure_torchvision()\n"
        "import torch, torchvision\n"
        "boxes, scores = torch.tensor([[0.0, 0, 1, 1], [0, 0, 1, 1]]), torch.tensor([0.5, 0.9])\n"
        "try:\n"
        "    print(torchvision.ops.nms(boxes, scores, 0.5).tolist())\n"
        "except (RuntimeError, NotImplementedError):\n"
        "    print('refused')\n"
        "print(torchvision.extension._has_ops())\n"
    )
    assert done.stdout.split("\n")[:2] in (["[1]", "True"], ["refused", "False"]), done.stderr


def test_does_nothing_where_torchvision_is_absent_or_healthy() -> None:
    absent = "import importlib.util as u; u.find_spec = lambda *_: None\n"
    healthy = "import torch; torch.ops.load_library = lambda path: None\n"
    for change in (absent, healthy):
        done = run(
            change + "from saliency.runtime import torchvision_compat\n"
            "torchvision_compat.ensure_torchvision()\n"
            "print(torchvision_compat._define_missing_schemas())\n"
        )
        assert done.stdout.strip() == "None", done.stderr
