"""Clips that mean harm: each ends in frames or in a sentence, in time and memory, and the next clip is read."""

from __future__ import annotations

import struct
import sys
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from saliency.errors import PictureTooLargeError, VideoError
from saliency.settings import variable
from saliency.video import ClipLimits, open_clip
from tests.video import clips

SEEDS = range(12)


@pytest.fixture(autouse=True)
def next_clip(tmp_path):
    """After each test an ordinary clip is read."""
    yield
    path = clips.write(tmp_path / "ordinary.mp4", 3)
    with open_clip(path) as clip:
        assert len(list(clip.frames())) == 3


def count(path, **options) -> int:
    with open_clip(path, **options) as clip:
        return sum(1 for _ in clip.frames())


def count_or_refuse(path) -> int | None:
    """Number of frames; None where the clip was refused with a sentence."""
    try:
        return count(path)
    except VideoError:
        return None


@pytest.mark.parametrize(("kind", "encoder"), [("mp4", "libx264"), ("matroska", "libvpx"), ("avi", "mpeg4")])
def test_cut_anywhere(tmp_path, kind, encoder):
    path = clips.write(tmp_path / "clip", kind=kind, encoder=encoder, sound="aac" if kind == "mp4" else None)
    whole = path.read_bytes()
    for length in np.random.default_rng(0).integers(1, len(whole), 12):
        path.write_bytes(whole[:length])
        assert (count_or_refuse(path) or 0) <= 20


@pytest.mark.parametrize("seed", SEEDS)
def test_damaged_anywhere(tmp_path, seed):
    generator = np.random.default_rng(seed)
    kind, encoder = [("mp4", "libx264"), ("matroska", "libvpx"), ("avi", "mpeg4"), ("mpegts", "libx264")][seed % 4]
    path = clips.write(tmp_path / "clip", kind=kind, encoder=encoder, sound="aac" if kind == "mpegts" else None)
    content = bytearray(path.read_bytes())
    for place in generator.integers(0, len(content), 60):
        content[place] = generator.integers(256)
    path.write_bytes(content)
    count_or_refuse(path)


def test_a_huge_frame_that_the_header_declares_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "clip.gif"
    Image.new("P", (64, 48)).save(path, save_all=True, append_images=[Image.new("P", (64, 48), 1)])
    content = path.read_bytes()
    path.write_bytes(content[:6] + struct.pack("<HH", 12_000, 12_000) + content[10:])
    with pytest.raises(PictureTooLargeError):
        count(path)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit of memory")
def test_frames_that_take_too_much_memory(tmp_path, monkeypatch):
    path = tmp_path / "clip.gif"
    Image.new("P", (4000, 4000)).save(path, save_all=True, append_images=[Image.new("P", (4000, 4000), 1)])
    monkeypatch.setenv(variable("read_megabytes"), "60")
    with pytest.raises(VideoError, match="more than 60 MB of memory"):
        count(path)
    monkeypatch.delenv(variable("read_megabytes"))


def test_no_frames(tmp_path):
    path = clips.write(tmp_path / "clip.mkv", kind="matroska", options={"bf": "0"})
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"\x1f\x43\xb6\x75")])  # before the first cluster
    with pytest.raises(VideoError):
        count(path)
    path = clips.write(tmp_path / "clip.mp4", options={"bf": "0"})
    for number in range(20):
        clips.damage(path, number)
    with pytest.raises(VideoError, match="No frame of the video can be read"):
        count(path)


def test_packets_without_number_end_in_time(tmp_path, monkeypatch):
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w", format="avi") as clip:
        video = clip.add_stream("mpeg4", rate=1000)
        video.height, video.width, video.pix_fmt = 48, 64, "yuv420p"
        clip.start_encoding()
        for number in range(100_000):
            packet = av.Packet(b"\0")
            packet.pts = packet.dts = number
            packet.time_base, packet.stream = Fraction(1, 1000), video
            clip.mux(packet)
    monkeypatch.setenv(variable("read_seconds"), "0.2")
    with pytest.raises(VideoError, match=r"Reading a frame of the video takes longer than 0\.2 seconds"):
        count(path)
    monkeypatch.delenv(variable("read_seconds"))


def test_a_clip_whose_frames_together_take_too_long(tmp_path):
    path = clips.write(tmp_path / "clip.mp4")
    assert count(path, limits=ClipLimits(decoding=60)) == 20
    with pytest.raises(VideoError, match="Reading the video takes longer than 1e-06 seconds"):
        count(path, limits=ClipLimits(decoding=1e-6))


def test_the_content_says_what_a_file_is(tmp_path):
    assert count(clips.write(tmp_path / "clip.txt", kind="matroska")) == 20
    assert count(clips.write(tmp_path / "clip.jpg", kind="avi", encoder="mpeg4")) == 20


def test_a_clip_may_be_left_before_its_end(tmp_path):
    with open_clip(clips.write(tmp_path / "clip.mp4", 200)) as clip:
        next(clip.frames())
