"""The maps of the shipped checkpoints do not change unless the checkpoints do."""

import numpy as np

from tests.golden.maps import RECORDED, predicted

# Measured between AVX-512, AVX2 and SSE 4.1 kernels on one and two threads, and with OpenVINO: up to 1.3e-5, the most
# in CLIP-SalGAN.
TOLERANCE = 2e-5


def test_the_maps_of_what_ships_are_those_recorded():
    maps = predicted()
    with np.load(RECORDED) as recorded:
        assert set(recorded) == set(maps)
        differences = {name: float(np.abs(maps[name] - recorded[name]).max()) for name in recorded}
    assert {name: value for name, value in differences.items() if value > TOLERANCE} == {}
