"""The written file, as PyAV reads it: frames, times, sound, what is drawn; and that nothing is left of a broken one."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from saliency.errors import OutputError, VideoError
from saliency.predictor import Predictor
from saliency.results.rendering import overlay
from saliency.video import ClipLimits, Drawing, open_clip, write_video
from tests.video import clips

VIDEO_ALONE = Drawing(opacity=0.0)


@pytest.fixture
def predictor(miniatures):
    return Predictor(["blind"], checkpoint_dir=miniatures, precision="float32", pictures_cached=1)


def frames(path):
    with open_clip(path) as clip:
        return list(clip.frames())


def test_frames_times_and_size_are_those_of_the_clip(predictor, tmp_path):
    source, out = clips.write(tmp_path / "clip.mp4"), tmp_path / "out.mp4"
    report = write_video(predictor, source, out)
    assert (report.frames, report.maps, report.shape, report.seconds, report.sound) == (20, 20, (48, 64), 2.0, False)
    assert report.notices == ()
    assert clips.times(out) == clips.times(source) == [Fraction(number, 10) for number in range(20)]
    with open_clip(out) as clip:
        assert (clip.seconds, clip.rate, clip.frame_count) == (2, 10, 20)
    assert list(tmp_path.glob(".*")) == []


def test_the_map_is_drawn_over_each_frame_as_everywhere(predictor, tmp_path):
    source = clips.write(tmp_path / "clip.mp4", 4)
    for drawing in (Drawing(0.6, "viridis"), Drawing(1.0), Drawing(0.7, "viridis", fading=True)):
        write_video(predictor, source, tmp_path / "out.mp4", drawing=drawing)
        for before, after in zip(frames(source), frames(tmp_path / "out.mp4"), strict=True):
            map_ = predictor.predict(before.pixels).predictions[0].map
            expected = overlay(before.pixels, map_, drawing.opacity, drawing.colormap, drawing.fading)
            assert np.abs(after.pixels.astype(int) - expected).mean() < 8


def test_colours_come_out_as_they_went_in(predictor, tmp_path):
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (255, 255, 255), (0, 0, 0), (128, 128, 128)]
    pictures = [np.full((48, 64, 3), colour, np.uint8) for colour in colours]
    write_video(predictor, clips.write(tmp_path / "clip.mp4", pictures), tmp_path / "out.mp4", drawing=VIDEO_ALONE)
    for frame, colour in zip(frames(tmp_path / "out.mp4"), colours, strict=True):
        assert np.abs(frame.pixels.reshape(-1, 3).mean(axis=0) - colour).max() < 5


def test_a_variable_frame_rate_stays_what_it_is(predictor, tmp_path):
    times = [Fraction(at, 1000) for at in (0, 40, 80, 300, 301, 1000, 1040)]
    source = clips.write(tmp_path / "clip.mp4", len(times), seconds=times)
    write_video(predictor, source, tmp_path / "out.mp4")
    assert clips.times(tmp_path / "out.mp4") == clips.times(source) == times


@pytest.mark.parametrize(
    ("kind", "sound"), [("mp4", "aac"), ("mov", "aac"), ("matroska", "libmp3lame"), ("matroska", "flac")]
)
def test_the_sound_is_copied_packet_by_packet(predictor, tmp_path, kind, sound):
    source = clips.write(tmp_path / f"clip.{kind}", kind=kind, sound=sound)
    assert write_video(predictor, source, tmp_path / "out.mp4").sound
    before, after = clips.packets(source, "audio"), clips.packets(tmp_path / "out.mp4", "audio")
    assert len(before) > 15
    assert [bytes(packet) for packet in after] == [bytes(packet) for packet in before]
    apart = [float(new.pts * new.time_base - old.pts * old.time_base) for old, new in zip(before, after, strict=True)]
    assert np.ptp(apart) < 0.002
    video = clips.times(tmp_path / "out.mp4")[0] - clips.times(source)[0]
    assert abs(apart[0] - float(video)) < 0.002  # they go together as before


def test_a_stream_that_begins_late_begins_at_once(predictor, tmp_path):
    """An MPEG transport stream's clock starts anywhere; sound and picture stay together."""
    source = clips.write(tmp_path / "clip.ts", kind="mpegts", sound="aac")
    start = min(clips.times(source)[0], clips.packets(source, "audio")[0].pts * Fraction(1, 90_000))
    assert start > 0
    write_video(predictor, source, tmp_path / "out.mp4")
    before, after = clips.times(source), clips.times(tmp_path / "out.mp4")
    assert [float(at) for at in after] == pytest.approx([float(at - start) for at in before], abs=0.002)
    assert float(clips.packets(tmp_path / "out.mp4", "audio")[0].pts) == 0


def test_sound_that_mp4_does_not_hold_is_left_out_with_a_notice(predictor, tmp_path):
    source = clips.write(tmp_path / "clip.avi", kind="avi", encoder="mpeg4", sound="adpcm_ms")
    report = write_video(predictor, source, tmp_path / "out.mp4")
    assert not report.sound
    assert ["encoding does not go into an MP4" in notice for notice in report.notices] == [True]
    assert len(frames(tmp_path / "out.mp4")) == 20


def test_damaged_frames_are_skipped_and_the_rest_is_written(predictor, tmp_path):
    source = clips.write(tmp_path / "clip.mp4", options={"bf": "0"}, sound="aac")
    clips.damage(source, 7)
    report = write_video(predictor, source, tmp_path / "out.mp4")
    assert report.frames == 19
    assert ["1 frame is damaged" in notice for notice in report.notices] == [True]
    assert clips.times(tmp_path / "out.mp4") == [Fraction(number, 10) for number in range(20) if number != 7]


def test_odd_sizes_rotation_and_a_smaller_side(predictor, tmp_path):
    odd = clips.write(tmp_path / "odd.gif", [clips.square(0, (41, 53))] * 3, kind="gif", encoder="gif")
    assert write_video(predictor, odd, tmp_path / "out.mp4").shape == (40, 52)
    turned = clips.write(tmp_path / "turned.mp4", 3)
    clips.turn(turned)
    write_video(predictor, turned, tmp_path / "out.mp4", drawing=VIDEO_ALONE)
    for before, after in zip(frames(turned), frames(tmp_path / "out.mp4"), strict=True):
        assert after.pixels.shape == (64, 48, 3)
        assert np.abs(after.pixels.astype(int) - before.pixels).mean() < 4
    assert write_video(predictor, turned, tmp_path / "out.mp4", side=32).shape == (32, 24)


def test_fewer_maps_are_counted(predictor, tmp_path):
    done = []
    report = write_video(
        predictor,
        clips.write(tmp_path / "clip.mp4"),
        tmp_path / "out.mp4",
        rate=2,
        progress=lambda *at: done.append(at),
    )
    assert (report.frames, report.maps) == (20, 4)
    assert done == [(number, 20) for number in range(21)]


def test_what_is_broken_off_leaves_nothing_and_what_was_there_stays(predictor, tmp_path):
    source, out = clips.write(tmp_path / "clip.mp4"), tmp_path / "out.mp4"
    out.write_text("before")

    def stop(done, _):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_video(predictor, source, out, progress=stop)
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(VideoError):
        write_video(predictor, tmp_path / "text.mp4", out)
    with pytest.raises(VideoError, match="more than 10"):
        write_video(predictor, clips.write(tmp_path / "clip.ts", kind="mpegts"), out, limits=ClipLimits(frames=10))
    assert out.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "clip.mp4",
        "clip.ts",
        "out.mp4",
        "text.mp4",
    ]


def test_where_nothing_can_be_written(predictor, tmp_path):
    source = clips.write(tmp_path / "clip.mp4")
    with pytest.raises(OutputError, match="cannot be written"):
        write_video(predictor, source, source / "out.mp4")
    with pytest.raises(OutputError, match="would replace"):
        write_video(predictor, source, source)


def test_memory_does_not_grow_with_the_clip(predictor, tmp_path):
    """Of 150 frames, 8.6 MB as pixels, less than a tenth is in memory at a time; PyAV's own frames are not counted."""
    pictures = [clips.square(number, (120, 160)) for number in range(150)]
    source = clips.write(tmp_path / "clip.mp4", pictures, options={"preset": "ultrafast"})
    del pictures
    tracemalloc.start()
    try:
        write_video(predictor, source, tmp_path / "out.mp4", rate=1)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.86e6
