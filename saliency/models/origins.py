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
VGG16 = Text("VGG-16, ImageNet (torchvision, BSD-3-Clause)", "torchvision 的 VGG-16，ImageNet（BSD-3-Clause）")
DENSENET161 = Text(
    "DenseNet-161, ImageNet (torchvision, BSD-3-Clause)", "torchvision 的 DenseNet-161，ImageNet（BSD-3-Clause）"
)
RESNET50 = Text("ResNet-50, ImageNet (timm, Apache-2.0)", "timm 的 ResNet-50，ImageNet（Apache-2.0）")
BLIP = Text("BLIP, image-text matching on COCO (BSD-3-Clause)", "BLIP，COCO 图文匹配（BSD-3-Clause）")
