"""BLIP's image-text feature (Li et al., ICML 2022): a text encoder that cross-attends to a vision transformer's tokens.

Only the two towers that TranBlend uses are here, from transformers; the projection heads for retrieval are not.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...errors import HubUnavailableError
from ...runtime.torchvision_compat import ensure_torchvision
from ..features import TextFeatures

CHECKPOINT = "Salesforce/blip-itm-base-coco"
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


@dataclass(frozen=True)
class BlipConfig:
    """Dimensions of ``blip-itm-base`` and the form of its pictures.

    Attributes:
        image_size: side of the square that a picture is resized to.
        mean: of each channel, by which the model's own pixels were normalised.
        std: of each channel, likewise.
    """

    hidden: int = 768
    layers: int = 12
    heads: int = 12
    intermediate: int = 3072
    vocabulary: int = 30524
    image_hidden: int = 768
    image_layers: int = 12
    image_heads: int = 12
    image_intermediate: int = 3072
    patch: int = 16
    image_size: int = 224
    trained_size: int = 384
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)


class BlipEncoder(nn.Module):
    """One vector per picture-sentence pair: the text encoder's last state at [CLS]."""

    def __init__(self, config: BlipConfig):
        super().__init__()
        ensure_torchvision()
        from transformers import BlipTextConfig, BlipVisionConfig
        from transformers.models.blip.modeling_blip import BlipVisionModel
        from transformers.models.blip.modeling_blip_text import BlipTextModel

        self.config = config
        self.vision = BlipVisionModel(
            BlipVisionConfig(
                hidden_size=config.image_hidden,
                intermediate_size=config.image_intermediate,
                num_hidden_layers=config.image_layers,
                num_attention_heads=config.image_heads,
                image_size=config.trained_size,
                patch_size=config.patch,
            )
        )
        # `is_decoder` only creates the cross-attention layers; `forward` asks for reading in both directions.
        self.text = BlipTextModel(
            BlipTextConfig(
                vocab_size=config.vocabulary,
                hidden_size=config.hidden,
                encoder_hidden_size=config.image_hidden,
                intermediate_size=config.intermediate,
                num_hidden_layers=config.layers,
                num_attention_heads=config.heads,
                is_decoder=True,
            ),
            add_pooling_layer=False,
        )
        shape = (1, 3, 1, 1)
        mean, std = torch.tensor(config.mean), torch.tensor(config.std)
        clip_mean, clip_std = torch.tensor(CLIP_MEAN), torch.tensor(CLIP_STD)
        self.register_buffer("rescale", (std / clip_std).view(shape), persistent=False)
        self.register_buffer("offset", ((mean - clip_mean) / clip_std).view(shape), persistent=False)

    def encode_image(self, pixels: Tensor) -> Tensor:
        """Vision tokens (N, 1 + patches, C) of pixels normalised with the configuration's mean and std."""
        side = self.config.image_size
        small = F.interpolate(pixels, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
        return self.vision(small * self.rescale + self.offset, interpolate_pos_encoding=True).last_hidden_state

    def forward(self, tokens: Tensor, text: TextFeatures) -> Tensor:
        """Feature (N, hidden) of vision tokens (N, P, C) and sentences given by their BLIP vocabulary ids."""
        states = self.text(
            input_ids=text.ids,
            attention_mask=text.mask.long(),
            encoder_hidden_states=tokens,
            encoder_attention_mask=torch.ones(tokens.shape[:2], dtype=torch.long, device=tokens.device),
            is_decoder=False,
        ).last_hidden_state
        return states[:, 0]

    def start_from_hub(self, checkpoint: str = CHECKPOINT) -> set[str]:
        """Take over the pre-trained towers; names of the loaded tensors.

        Raises:
            HubUnavailableError: they are not on this machine and could not be fetched.
            ValueError: the checkpoint has another number of heads.
        """
        from transformers import BlipForImageTextRetrieval

        try:
            source = BlipForImageTextRetrieval.from_pretrained(checkpoint)
        except OSError as error:
            raise HubUnavailableError(
                "BLIP's weights could not be fetched from the hub. The “compact” preset works without a network."
            ) from error
        if source.config.text_config.num_attention_heads != self.config.heads:
            raise ValueError("the checkpoint's text encoder has another number of heads than this configuration")
        self.vision.load_state_dict(source.vision_model.state_dict())
        self.text.load_state_dict(source.text_encoder.state_dict(), strict=False)
        return set(self.state_dict())
