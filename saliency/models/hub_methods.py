"""The three methods by which models on the Hugging Face Hub are usually loaded, saved and published.

They have the names and arguments of `huggingface_hub.PyTorchModelHubMixin`, which is not their base: it would write a
second record beside the card, check no sha256, and read a pickle where there is no safetensors file.
"""

from __future__ import annotations

import os
from typing import Any, Self


class HubMethods:
    """`saliency.load` and `saliency.save` as methods.

    Attributes:
        card: the `checkpoints.Card` of the checkpoint that the network was loaded from; None of a fresh one.
    """

    card: Any = None

    @classmethod
    def from_pretrained(
        cls,
        name: str | os.PathLike[str],
        *,
        revision: str | None = None,
        token: str | None = None,
        device: Any = "cpu",
    ) -> Self:
        """A trained network of this class, in evaluation mode; arguments and errors as of `saliency.load`.

        Raises:
            CheckpointError: also where the checkpoint is one of another class.
        """
        from .. import load
        from ..errors import CheckpointError

        model = load(name, revision=revision, token=token, device=device)
        if not isinstance(model, cls):
            raise CheckpointError(
                "“{name}” is a checkpoint of {found}, not of {wanted}.",
                name=os.fspath(name),
                found=type(model).__name__,
                wanted=cls.__name__,
            )
        return model

    def save_pretrained(self, folder: str | os.PathLike[str], description: Any = None) -> str:
        """Writes the checkpoint and its model card into a folder; arguments and errors as of `saliency.save`."""
        from .. import save

        return save(self, folder, description)

    def push_to_hub(
        self,
        repo_id: str,
        description: Any = None,
        *,
        branch: str | None = None,
        private: bool | None = None,
        token: str | None = None,
        commit_message: str = "Upload the checkpoint",
    ) -> str:
        """Publishes the checkpoint and its model card; arguments and errors as of `saliency.save`.

        Args:
            repo_id: ``owner/name``.
            branch: default ``main``.

        Returns:
            The address of the commit.
        """
        from .. import save

        target = f"hf://{repo_id}@{branch}" if branch else f"hf://{repo_id}"
        return save(self, target, description, private=private, token=token, message=commit_message)
