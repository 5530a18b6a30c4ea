"""Word-region grounding: sentence tokens and picture regions are embedded in one space, and each word gets a map.

The maps are an input of the compact models' decoders. They are trained first on phrases with boxes
(`training.methods.grounding`), then with the whole model. With an object detector its planes are added to the regions,
and a word that names one of its classes points at them.

`Pointing` maps each word to all candidate regions; the optional `Referent` head picks among them: region tokens
cross-attend to the sentence and self-attend to each other. `Grounding` is both.
"""

from .branch import Grounding
from .grounding_config import GroundingConfig
from .image_text import ImageTextEncoder
from .named_loss import named_loss, named_things
from .pointing import GUIDANCE_PLANES, ClassMatcher, GroundingOutput, Pointing
from .pretraining import GroundingModel
from .referent_head import Referent

__all__ = [
    "GUIDANCE_PLANES",
    "ClassMatcher",
    "Grounding",
    "GroundingConfig",
    "GroundingModel",
    "GroundingOutput",
    "ImageTextEncoder",
    "Pointing",
    "Referent",
    "named_loss",
    "named_things",
]
