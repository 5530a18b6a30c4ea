"""Limits that several models share, for their specifications."""

from __future__ import annotations

from .spec import Text

VIEWERS = Text(
    "Trained on eye-tracking data of 8 to 16 people a picture in laboratories; other viewers and tasks differ.",
    "用实验室中每幅图片 8 至 16 人的眼动数据训练；其他观看者和任务会有所不同。",
)
PHOTOGRAPHS = Text(
    "The pictures are everyday photographs, mostly of people, dogs, sport and streets; screens, text, drawings and "
    "medical pictures are outside of them.",
    "训练图片为日常照片，多为人物、狗、运动和街道；屏幕、文字、绘画和医学图像不在其列。",
)
NAMED_THINGS = Text(
    "English sentences only; what lies outside those pictures and the 80 kinds of things that an object detector knows "
    "is often not found, and a sentence about something absent moves the map all the same.",
    "仅限英文句子；上述图片以及物体检测器所知的 80 类物体之外的事物常常找不到，"
    "而谈论图中没有的事物的句子仍会移动预测图。",
)
FORMULA = Text(
    "A formula that has learned nothing from where people look.",
    "一个公式，没有从人们的注视中学到任何东西。",
)
AVERAGE = Text(
    "A prediction is an average over people, not where a given person looks.",
    "预测是对众人的平均，而非某个人注视的位置。",
)
