"""Maps of videos: a clip is read frame by frame, each frame is a picture to the models, and the result is a clip."""

from ..clip_decoder import ClipLimits, Frame
from .clip_reader import Clip, open_clip
from .clip_writer import ClipWriter
from .frame_maps import FrameMap, video_maps
from .whole_video import Drawing, Progress, VideoReport, write_video

__all__ = [
    "Clip",
    "ClipLimits",
    "ClipWriter",
    "Drawing",
    "Frame",
    "FrameMap",
    "Progress",
    "VideoReport",
    "open_clip",
    "video_maps",
    "write_video",
]
