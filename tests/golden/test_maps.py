"""The maps of the shipped checkpoints do not change unless the checkpoints do."""

import numpy as np

from tests.golden.maps import RECORDED, predicted

# Measured between AVX-512, AVX2 and SSE 4.1 kernels on one and two threads, and with OpenVINO: up to 7.4e-6, and in
# CLIP-SalGAN, whose few channels rounding moves most, up to 1.3e-5.
TOLERANCE, OF_CLIP_SALGAN = 1e-5, 2e-5


def test_the_maps_of_what_ships_are_those_recorded():
    maps = predicted()
    with np.load(RECORDED) as recorded:
        assert set(recorded) == set(maps)
        differences = {name: float(np.abs(maps[name] - recorded[name]).max()) for name in recorded}
    bounds = {name: OF_CLIP_SALGAN if ".clip_salgan." in name else TOLERANCE for name in differences}
    assert {name: value for name, value in differences.items() if value > bounds[name]} == {}
