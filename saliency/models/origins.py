"""Where initial weights come from, for specifications of models: sentences of their cards."""

from __future__ import annotations

from .spec import Text

EFFICIENTNET_LITE2 = Text(
    "EfficientNet-Lite2, ImageNet (Apache-2.0)", "EfficientNet-Lite2 主干，ImageNet（Apache-2.0）"
)
YOLOX_NANO = Text(
    "object detector YOLOX-nano as it is (COCO, Apache-2.0); it knows the things of most SJTU-TIS pictures, not their "
    "gaze",
    "未经改动的物体检测器 YOLOX-nano（COCO，Apache-2.0）；它认识大多数 SJTU-TIS 图片中的物体，但不知道人们的注视",
)
