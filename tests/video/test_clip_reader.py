"""Frames of clips, and what is refused: hostile files, too much, nothing."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from saliency.clip_decoder import ClipDecoder
from saliency.errors import PictureTooLargeError, VideoError
from saliency.video import Clip, ClipLimits, open_clip
from tests.pictures import COFFEE
from tests.video import clips


def frames(path, **options):
    with open_clip(path, **options) as clip:
        return list(clip.frames())


@pytest.mark.parametrize(
    ("kind", "encoder"),
    [("mp4", "libx264"), ("matroska", "libx264"), ("webm", "libvpx"), ("avi", "mpeg4"), ("mpegts", "libx264")],
)
def test_frames_come_in_order_with_their_times_and_colours(tmp_path, kind, encoder):
    path = clips.write(tmp_path / f"clip.{kind}", kind=kind, encoder=encoder)
    found = frames(path)
    assert [round(float(frame.seconds), 3) for frame in found] == [number / 10 for number in range(20)]
    for number, frame in enumerate(found):
        assert np.abs(frame.pixels.astype(int) - clips.square(number)).mean() < 6  # lossy; a frame later it is 10


def test_the_header_says_how_much_there_is(tmp_path):
    with open_clip(clips.write(tmp_path / "clip.mp4")) as clip:
        assert (clip.seconds, clip.rate, clip.frame_count) == (2, 10, 20)
        assert not clip.has_sound
    with open_clip(clips.write(tmp_path / "clip.mkv", kind="matroska")) as clip:
        assert clip.frame_count == 20


def test_what_is_to_be_turned_is_turned(tmp_path):
    plain, turned = (clips.write(tmp_path / name) for name in ("plain.mp4", "turned.mp4"))
    clips.turn(turned)
    for frame, upright in zip(frames(plain), frames(turned), strict=True):
        assert (upright.pixels == np.rot90(frame.pixels, -1)).all()
    [small] = {frame.pixels.shape for frame in frames(turned, side=32)}
    assert small == (32, 24, 3)


def test_pixels_are_square(tmp_path):
    path = clips.write(tmp_path / "wide.mp4", ratio=Fraction(3, 2))
    assert frames(path)[0].pixels.shape == (48, 96, 3)


def test_damaged_frames_are_skipped_and_counted(tmp_path):
    path = clips.write(tmp_path / "clip.mp4", options={"bf": "0"})
    for number in (7, 8):
        clips.damage(path, number)
    with open_clip(path) as clip:
        found = [round(float(frame.seconds), 3) for frame in clip.frames()]
        assert clip.damaged == 2
        assert [notice.split(";")[0] for notice in clip.notices] == ["2 frames are damaged and were skipped"]
    assert found == [number / 10 for number in range(20) if number not in (7, 8)]


@pytest.mark.parametrize("kind", ["matroska", "mpegts"])
def test_of_a_file_that_was_cut_short_the_beginning_is_read(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 256, (40, 6, 8, 3), np.uint8).repeat(8, axis=1).repeat(8, axis=2)
    path = clips.write(tmp_path / "clip", noise, kind=kind)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert 10 < len(frames(path)) < 30


def test_where_the_file_cannot_be_read_on_the_clip_ends_with_a_notice(tmp_path):
    with av.open(str(clips.write(tmp_path / "clip.mp4"))) as whole:

        class Broken:
            streams, start_time, duration = whole.streams, whole.start_time, whole.duration

            def demux(self, streams):
                for number, packet in enumerate(whole.demux(streams)):
                    if number == 12:
                        raise av.error.InvalidDataError(av.error.tag_to_code(b"INDA"), "broken")
                    yield packet

        decoder = ClipDecoder(Broken())
        clip = Clip(decoder.header(), decoder.steps())
        assert len(list(clip.frames())) == 12
        assert [str(notice) for notice in clip.notices] == [
            "The video's file was cut short or is damaged; its end is missing."
        ]


def files(folder):
    picture = clips.write(folder / "whole.mp4")
    content = bytearray(picture.read_bytes())
    whole = bytes(content)
    return {
        "missing": (None, "cannot be opened"),
        "empty": (b"", "is empty"),
        "text": (b"just some text", "no video that can be read"),
        "without its index": (whole[: len(whole) // 2], "no video that can be read"),
        "unknown encoding": (whole.replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzz"), "encoding is not known"),
        "a picture": (COFFEE.read_bytes(), "no video that can be read"),
        "a list of files": (f"#EXTM3U\n#EXTINF:2,\n{picture}\n#EXT-X-ENDLIST\n".encode(), "no video that can be read"),
        "files in a row": (f"ffconcat version 1.0\nfile '{picture}'\n".encode(), "no video that can be read"),
    }


CASES = [
    "missing",
    "empty",
    "text",
    "without its index",
    "unknown encoding",
    "a picture",
    "a list of files",
    "files in a row",
]


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_video_is_refused(tmp_path, case):
    content, sentence = files(tmp_path)[case]
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoError, match=sentence):
        frames(path)


def test_nothing_and_sound_alone_are_refused(tmp_path):
    with pytest.raises(VideoError, match="No video was given"):
        frames(None)
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=clips.SOUND_RATE, layout="mono")
        for frame in clips.tone(1, 1024, "fltp"):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    with pytest.raises(VideoError, match="no video in the file"):
        frames(tmp_path / "sound.mp4")


def test_limits_hold_by_the_header_and_while_reading(tmp_path):
    for kind in ("mp4", "matroska", "mpegts"):  # the last has no number of frames in its header
        path = clips.write(tmp_path / f"clip.{kind}", kind=kind)
        assert len(frames(path, limits=ClipLimits(seconds=2.5, frames=20, pixels=64 * 48))) == 20
        with pytest.raises(VideoError, match=r"longer than 1\.5 seconds"):
            frames(path, limits=ClipLimits(seconds=1.5))
        with pytest.raises(VideoError, match="more than 19 frames"):
            frames(path, limits=ClipLimits(frames=19))
        with pytest.raises(PictureTooLargeError):
            frames(path, limits=ClipLimits(pixels=64 * 48 - 1))


def test_one_frame_is_read_at_a_time(tmp_path):
    """Of a long clip no more is read ahead than the decoder delays."""
    path = clips.write(tmp_path / "clip.mp4", 200, options={"bf": "0"})
    with av.open(str(path)) as whole:
        read = []

        class Counted:
            streams, start_time, duration = whole.streams, whole.start_time, whole.duration

            def demux(self, streams):
                for packet in whole.demux(streams):
                    read.append(packet)
                    yield packet

        for number, _ in enumerate(ClipDecoder(Counted()).steps()):
            assert len(read) - number < 40
