"""What `import saliency` offers, and what it costs."""

import subprocess
import sys

import pytest

import saliency


@pytest.mark.parametrize("name", saliency.__all__)
def test_every_name_is_there(name):
    assert getattr(saliency, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="mystery"):
        _ = saliency.mystery


def test_importing_is_light():
    code = "import sys, saliency; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
