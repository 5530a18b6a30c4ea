"""The documentation of the API: names and descriptions of every parameter and result.

Gradio would name them after the form's labels, which are keys of translations, or not at all.
"""

from __future__ import annotations

from typing import Any

from saliency.ui.gradio_internals import described_parameters
from saliency.ui.shared.guard import GuardedBlocks


class DocumentedBlocks(GuardedBlocks):
    """Blocks whose endpoints are described by their handlers' docstrings and their components' schemas.

    A handler's docstring has one line per parameter under ``Args:``; the schema of a returned value has a title and a
    description.
    """

    def get_api_info(self, *args: Any, **kwargs: Any) -> Any:
        """As Gradio's, with descriptions of parameters and results from the handlers' docstrings."""
        info = super().get_api_info(*args, **kwargs)
        handlers = {f"/{event.api_name}": event.fn for event in self.fns.values() if event.api_visibility != "private"}
        for name, endpoint in info["named_endpoints"].items():
            parameters = described_parameters(handlers[name])
            for parameter in endpoint["parameters"]:
                called = parameter["parameter_name"]
                parameter["label"] = called.replace("_", " ").capitalize()
                parameter["python_type"]["description"] = parameters[called]
            for returned in endpoint["returns"]:
                returned["label"] = returned["type"].get("title", returned["label"])
        return info

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *args: Any, **kwargs: Any) -> Any:
        """As Gradio's, but parameters at the end may be missing.

        A client that sends plain JSON need not know parameters that were added since it was written; they have the
        form's values, as for Gradio's own client.
        """
        missing = block_fn.inputs[len(inputs) :] if block_fn.api_visibility != "private" else ()
        return await super().preprocess_data(block_fn, [*inputs, *(block.value for block in missing)], *args, **kwargs)
