"""The page of a checkpoint on the Hugging Face Hub: front matter for the hub; scores, limits and licence for people."""

from __future__ import annotations

from collections.abc import Iterator

from .checkpoints import Card, Estimate
from .metrics.bootstrap import Interval
from .metrics.evaluator import MACRO
from .models import registry
from .report.markdown import format_interval, markdown_table

OPEN = {"code MIT; no weights": "mit", "code and weights MIT": "mit"}
"""The hub's name of a licence by a card's; every other is ``other``, whose terms are in LICENSE.md."""

REPOSITORY = "OWNER/NAME"  # in the example of a card that is on no hub yet


def model_card(card: Card, repository: str | None = None) -> str:
    """README.md of a checkpoint.

    Args:
        repository: ``owner/name`` on the hub, for the example; None where it is in a folder.
    """
    from huggingface_hub import ModelCard  # takes a while, and is needed here only

    spec = registry.network(card.model)
    parts = [
        f"---\n{_front_matter(card)}\n---",
        f"# {spec.title} ({card.name})",
        spec.summary.en,
        _usage(card, repository or REPOSITORY),
        "## Scores\n\n" + "\n\n".join(_scores(card)),
        "## Limits\n\n" + _list(card.limits, "None are recorded."),
        licence(card, heading="##"),
        f"## Source\n\n{spec.paper}" + (f" <{spec.link}>" if spec.link else ""),
    ]
    return str(ModelCard("\n\n".join(parts) + "\n"))


def licence(card: Card, heading: str = "#") -> str:
    """The terms of a checkpoint and of the data behind it, as LICENSE.md.

    Args:
        heading: marks before its title.
    """
    data = [(use.name, use.use, use.terms) for use in card.data]
    parts = [f"{heading} Licence", f"{card.licence[0].upper()}{card.licence[1:]}."]
    if data:
        parts.append("Data behind the weights:\n\n" + markdown_table(("data set", "use", "terms"), data))
    if card.origin:
        parts.append("Weights that they started from or contain:\n\n" + _list(card.origin))
    return "\n\n".join(parts) + ("\n" if heading == "#" else "")


def _front_matter(card: Card) -> str:
    """YAML, as the hub documents it for models."""
    from huggingface_hub import EvalResult, ModelCardData

    known = OPEN.get(card.licence)
    results = [
        EvalResult(
            task_type="saliency-prediction",
            task_name="Saliency prediction",
            dataset_type="gaze",
            dataset_name="Gaze on pictures after a sentence",
            dataset_config=condition,
            dataset_split=split,
            metric_type=metric.lower(),
            metric_name=metric,
            metric_value=round(estimate.mean, 4),
        )
        for split, conditions in card.metrics.items()
        for condition, metrics in conditions.items()
        for metric, estimate in metrics.items()
    ]
    return ModelCardData(
        library_name="saliency",
        license=known or "other",
        license_name=None if known else "see-licence",
        license_link=None if known else "LICENSE.md",
        language="en" if card.text_encoder or card.captions else None,
        tags=["saliency", "visual-attention", "eye-tracking", card.model.replace("_", "-")],
        model_name=card.name if results else None,
        eval_results=results or None,
    ).to_yaml()


def _usage(card: Card, repository: str) -> str:
    lines = ["import saliency", "", f'model = saliency.load("{repository}")  # a torch module in evaluation mode']
    if card.model in registry.REGISTRY:
        lines += [
            f'predictor = saliency.Predictor(["hf://{repository}"])',
            'predictor.predict("street.jpg", {"salient": "A cyclist in red."}).to_png("maps.png")',
        ]
    return "```python\n" + "\n".join(lines) + "\n```"


def _scores(card: Card) -> Iterator[str]:
    """Tables and sentences on what was measured."""
    for split, conditions in card.metrics.items():
        yield _table(split, conditions)
    if card.grounding is not None:
        found = card.grounding
        yield (
            f"Of {found.phrases:,} phrases of held-out pictures, {found.pointing:.1%} point into one of their boxes; "
            f"AUC against the boxes {found.box_auc:.3f}."
        )
    if card.captions is not None:
        made = card.captions
        yield (
            f"On held-out pictures: CIDEr-D {_estimate(made.cider)}, BLEU-4 {made.bleu_4:.3f}. The nearest "
            f"training picture's caption has {made.nearest_cider:.3f} and {made.nearest_bleu_4:.3f}."
        )
    if card.objects is not None:
        measured = ", ".join(f"{name} {_estimate(found)}" for name, found in card.objects.items())
        yield f"Against masks of {card.objects['MAE'].n} held-out pictures, without a sentence: {measured}."
    if not (card.metrics or card.grounding or card.captions or card.objects):
        yield "These weights have not been measured."
    size = f"{card.parameters:,} parameters" if card.sha256 else "No weights"
    yield f"{size}; trained by revision {card.revision}." if card.revision else f"{size}."


def _table(split: str, conditions: dict[str, dict[str, Estimate]]) -> str:
    names = list(dict.fromkeys(metric for metrics in conditions.values() for metric in metrics))
    rows = [
        (
            "all conditions" if condition == MACRO else condition.replace("_", "-"),
            *(_estimate(metrics[name]) if name in metrics else "" for name in names),
            str(max(estimate.n for estimate in metrics.values())),
        )
        for condition, metrics in conditions.items()
    ]
    return f"On {split} pictures: mean and 95 % interval.\n\n" + markdown_table(("condition", *names, "n"), rows)


def _estimate(estimate: Estimate) -> str:
    return format_interval(Interval(estimate.mean, estimate.low, estimate.high))


def _list(sentences: tuple[str, ...], otherwise: str = "") -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences) or otherwise
