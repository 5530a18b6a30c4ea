"""``saliency predict``: maps of one's own pictures under sentences, or of every sample of a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from PIL import Image

from ..archive import write_archive
from ..conditions import AnyCondition, Condition, by_condition
from ..data import Sample
from ..data.files import list_files
from ..data.layouts import recognise
from ..data.samples import IMAGE_EXTENSIONS
from ..data.sentence_table import Sentences, read_table
from ..errors import DatasetError, PictureError, SaliencyError, TextError
from ..evaluation import PredictorModel
from ..predictor import Predictor
from ..results import Comparison, Prediction
from ..results.rendering import overlay
from .data_options import ANY_LAYOUT, AUTO, LayoutOption, SplitOption, make_folder, open_samples, with_progress

INCOMPLETE = 3


def predict(
    sources: Annotated[
        list[Path],
        typer.Argument(exists=True, metavar="PICTURES...|FOLDER", help="Pictures, a folder of them, or a data set."),
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the results; made if missing.")],
    model: Annotated[list[str] | None, typer.Option(help="A model's name; may be repeated. Default: all.")] = None,
    sentences: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="A table: file, general, whole, salient, non_salient."),
    ] = None,
    salient: Annotated[str | None, typer.Option(help="A sentence about what stands out.")] = None,
    non_salient: Annotated[str | None, typer.Option(help="A sentence about what does not stand out.")] = None,
    general: Annotated[str | None, typer.Option(help="A sentence about both.")] = None,
    sentence: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SENTENCE", help="A sentence with a name of its own; may be repeated."),
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Also a ZIP of one picture's comparison, which `replay` runs again."),
    ] = None,
    layout: LayoutOption = ANY_LAYOUT,
    split: SplitOption = None,
) -> None:
    """Predict the maps of pictures under sentences, or of every sample of a data set.

    For one picture: an overlay per map (MODEL.CONDITION.png), their grid (comparison.png), and the densities and all
    that is known of them (comparison.npz, .csv, .json). For several pictures, or a folder of them: an overlay and a
    density per map (PICTURE.MODEL.CONDITION.png and .npy). Both with a cut-out per map of a model of objects
    (.cutout.png). For a data set: STEM.npy per sample. Densities are float32, of the picture's size, and sum to 1. The
    exit code is 3 where pictures or samples had to be left out.
    """
    standard = {Condition.GENERAL: general, Condition.SALIENT: salient, Condition.NON_SALIENT: non_salient}
    given: dict[AnyCondition, str] = {condition: text for condition, text in standard.items() if text is not None}
    given |= _named_sentences(sentence or ())
    if given and sentences is not None:
        raise typer.BadParameter("Sentences are given as options or in a table, not both.")
    folder = sources[0] if len(sources) == 1 and sources[0].is_dir() else None
    if folder is not None and sentences is None and (layout.value != AUTO or split is not None or recognise(folder)):
        if given:
            raise typer.BadParameter("The sentences of a data set are its own; give them with pictures only.")
        if not model or len(model) > 1:
            raise typer.BadParameter("A data set is predicted with one model: name it with --model NAME.")
        _predict_data_set(open_samples(folder, layout, split), model[0], out)
    elif archive and (folder is not None or len(sources) > 1 or sentences is not None):
        raise typer.BadParameter("An archive holds the comparison of one picture, whose sentences are options.")
    elif folder is None and len(sources) == 1 and sentences is None:
        _predict_picture(sources[0], given, model, out, archive)
    else:
        pictures = _named(sources) if folder is None else _inside(folder, out)
        written: dict[str, Mapping[Any, str]] = {**dict.fromkeys(pictures, given), **_read(sentences, pictures)}
        _predict_pictures(pictures, written, model, out)


def _named_sentences(written: Sequence[str]) -> dict[AnyCondition, str]:
    """Sentences by the names that are written before them."""
    pairs = [each.partition("=") for each in written]
    for name, equals, _ in pairs:
        if not equals:
            raise typer.BadParameter(f"“{name}” has no name: write --sentence NAME=SENTENCE.")
    named = by_condition((name, sentence) for name, _, sentence in pairs)
    standard = [condition.value for condition in named if isinstance(condition, Condition)]
    if standard:
        raise typer.BadParameter(f"“{standard[0]}” has an option of its own.")
    return named


def _inside(folder: Path, out: Path) -> dict[str, Path]:
    """Pictures in a folder and its folders by their name in it, but for results of an earlier run."""
    results = [out.name] if folder.resolve() in out.resolve().parents else []
    pictures = list_files(folder, IMAGE_EXTENSIONS, ignored=results)
    if not pictures:
        raise DatasetError(f"There is no picture in the folder “{folder.name}”.")
    return pictures


def _named(paths: Sequence[Path]) -> dict[str, Path]:
    """Pictures by their name without extension, by which their results are named."""
    folders = [path for path in paths if path.is_dir()]
    if folders:
        raise typer.BadParameter(f"“{folders[0]}” is a folder; give pictures, or one folder alone.")
    twice = [name for name, count in Counter(path.stem for path in paths).items() if count > 1]
    if twice:
        raise typer.BadParameter(f"Two pictures are called “{twice[0]}”, and so would be their maps.")
    return {path.stem: path for path in paths}


def _read(table: Path | None, pictures: Iterable[str]) -> dict[str, Sentences]:
    """The sentences of a table by picture."""
    if table is None:
        return {}
    found, notices = read_table(table).by_picture(pictures)
    for notice in notices:
        typer.echo(notice, err=True)
    return found


def _predict_picture(
    picture: Path,
    sentences: Mapping[AnyCondition, str],
    models: Sequence[str] | None,
    out: Path,
    archive: Path | None = None,
) -> None:
    predictor = Predictor(models)
    make_folder(out)
    comparison = predictor.predict(picture, {Condition.PURE: "", **sentences})
    for prediction in comparison.predictions:
        _save_pictures(f"{out / prediction.model}.{prediction.condition}", comparison, prediction)
    _tell(comparison)
    comparison.to_png(out / "comparison.png")
    comparison.to_npz(out / "comparison.npz")
    comparison.to_csv(out / "comparison.csv")
    comparison.to_json(out / "comparison.json")
    if archive:
        make_folder(archive.parent)
        write_archive(comparison, archive, cards=predictor.cards)
    typer.echo(f"{len(comparison.predictions)} maps are in {out}.")


def _predict_pictures(
    pictures: Mapping[str, Path], sentences: Mapping[str, Mapping[Any, str]], models: Sequence[str] | None, out: Path
) -> None:
    """Maps of pictures by name. Those that cannot be used are named at the end, and the exit code is `INCOMPLETE`."""
    predictor = Predictor(models, pictures_cached=1)
    make_folder(out)
    maps, left_out = 0, []
    for name in with_progress(list(pictures), unit=" pictures"):
        try:
            comparison = predictor.predict(pictures[name], {Condition.PURE: "", **sentences[name]})
        except (PictureError, TextError) as error:
            left_out.append(f"{pictures[name].name}: {error}")
            continue
        _tell(comparison, pictures[name].name)
        for prediction in comparison.predictions:
            path = f"{out / name}.{prediction.model}.{prediction.condition}"
            make_folder(Path(path).parent)
            _save_pictures(path, comparison, prediction)
            np.save(f"{path}.npy", prediction.density)
            maps += 1
    _end(maps, out, left_out)


def _end(maps: int, out: Path, left_out: Sequence[str]) -> None:
    """Says how many maps there are, and names what was left out, for which the exit code is `INCOMPLETE`."""
    typer.echo(f"{maps} maps are in {out}.")
    if left_out:
        typer.echo(f"Left out: {len(left_out):,}", err=True)
        for line in left_out:
            typer.echo(line, err=True)
        raise typer.Exit(INCOMPLETE)


def _save_pictures(path: str, comparison: Comparison, prediction: Prediction) -> None:
    """The overlay of a map of `comparison`, PATH.png; of a model of objects also the cut-out, PATH.cutout.png."""
    Image.fromarray(overlay(comparison.picture, prediction.map)).save(f"{path}.png")
    if prediction.task == "objects":
        comparison.to_cutout(f"{path}.cutout.png", prediction.model, prediction.condition)


def _tell(comparison: Comparison, picture: str = "") -> None:
    """Notices on a picture and its maps go to stderr; with the picture's name where there are several."""
    before = f"{picture}, " if picture else ""
    for notice in comparison.notices:
        typer.echo(f"{picture}: {notice}" if picture else notice, err=True)
    for prediction in comparison.predictions:
        for notice in prediction.notices:
            typer.echo(f"{before}{prediction.title}, {prediction.condition.title.lower()}: {notice}", err=True)


def _predict_data_set(samples: Sequence[Sample], model: str, out: Path) -> None:
    """A map per sample. Those that cannot be predicted are named at the end, as pictures are."""
    source = PredictorModel(Predictor([model], pictures_cached=1), model)
    make_folder(out)
    maps, left_out = 0, []
    for sample, answer in source.answers(with_progress(samples)):
        if isinstance(answer, SaliencyError):
            left_out.append(f"{sample.stem}: {answer}")
            continue
        path = out / f"{sample.stem}.npy"
        make_folder(path.parent)
        np.save(path, answer.density)
        maps += 1
    _end(maps, out, left_out)
