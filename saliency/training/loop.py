"""The training loop: stages of epochs, progress, validation, averaging, a checkpoint every epoch, exact resumption.

What happens in a step is a `Method`; the loop knows nothing of gaze. A run lives in a folder:

    RUN/state.pt            everything needed to go on after the last finished epoch (read with weights_only)
    RUN/state.before.pt     the same after the epoch before, for the case that the last one is damaged
    RUN/best.safetensors    the averaged weights of the best epoch so far
    RUN/history.jsonl       one line per epoch
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from copy import deepcopy
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.data_loader import prepare_data_loader
from accelerate.utils import DistributedDataParallelKwargs, set_seed
from safetensors.torch import load_file, save
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..atomic_files import write_whole
from ..checkpoints import Part
from ..errors import RecipeError
from ..models.blocks import freeze_norm_stats
from .learner import Learner
from .methods.method import Method
from .recipe import Recipe, Stage
from .runs import HISTORY, STATE, is_of, revision, run_state, write_state
from .training_cost import CostMeter

SETTLING = 16  # batches from which batch norms of averaged weights get their statistics; with 64 no score moves by .001


class Run:
    """One training run of a recipe; `train` starts it, or resumes it after the last finished epoch.

    Every epoch begins with a seed of its own, so that a broken run ends with the same weights as an unbroken one.
    Methods choose the number format (`precision.autocast`), Accelerate the devices.

    Args:
        parts: the runs that it builds on, recorded in its state.
    """

    def __init__(
        self,
        recipe: Recipe,
        method: Method,
        folder: Path,
        quiet: bool = False,
        parts: Mapping[str, Part] = MappingProxyType({}),
    ):
        self.recipe = recipe
        self.method = method
        self.folder = folder
        self.accelerator = Accelerator(
            step_scheduler_with_optimizer=False,  # with several processes it would step once per process and update
            kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)],
        )
        self.quiet = quiet or not self.accelerator.is_main_process
        self.warm_up = 0.0
        self.average: Any = None  # an `AveragedModel` from the first stage on
        self.done = 0
        self.best: dict[str, float] = {"score": -math.inf}
        self._parts = {name: part.model_dump(mode="json") for name, part in parts.items()}
        self._revision = revision()  # of the code at work, whatever is committed meanwhile
        self._cost = CostMeter(self.accelerator.device.type)
        method.model.to(self.accelerator.device)

    def train(self, stop_after: int | None = None) -> dict[str, float]:
        """Run the remaining epochs, load the best epoch's weights into the model and return its scores.

        Args:
            stop_after: stop after this epoch of the whole run, as a kill would.

        Raises:
            RecipeError: the folder holds a run of another recipe, or a stage has no whole batch.
        """
        self._resume()
        first = 0
        for stage in self.recipe.stages:
            last = first + stage.epochs
            end = last if stop_after is None else min(last, stop_after)
            if self.done < end:
                self._stage(stage, first, end)
            first = last
        if self.recipe.stages:
            self.method.model.load_state_dict(load_file(self.folder / "best.safetensors"))
        return self.best

    def _resume(self) -> None:
        """Restore the progress of the run from its state."""
        state = run_state(self.folder)
        if state is None:
            return
        if not is_of(state, self.recipe):
            raise RecipeError(
                f"The folder “{self.folder.name}” holds a run of another recipe, or of this one before it was changed: "
                "move it away, or give this one another name."
            )
        self.done, self.best = state["done"], state["best"]
        self._parts = state.get("parts", self._parts)
        self._cost.resume(state.get("effort"))

    def _stage(self, stage: Stage, first: int, last: int) -> None:
        """Epochs `first` (or the first one left) to `last` of the whole run, all of one stage."""
        set_seed(self.recipe.seed)
        state = run_state(self.folder) if self.done else None
        if state:
            # A stage starts from the averaged weights of the one before.
            self.method.model.load_state_dict(state["average"])
        self.warm_up = stage.warm_up
        self.accelerator.free_memory()
        self.average = AveragedModel(self.method.model, multi_avg_fn=get_ema_multi_avg_fn(stage.average))
        loader = self._loader(stage)
        if not len(loader):
            raise RecipeError(f"The stage “{stage.name}” has fewer pictures than a batch: {stage.batch}.")
        learners = self.method.learners(stage, stage.epochs * len(loader), self)
        if state and self.done > first:
            for learner, saved in zip(learners, state["learners"], strict=True):
                learner.restore(saved)
            self.average.module.load_state_dict(state["average"])
            self.average.n_averaged.fill_(state["averaged"])
        for epoch in range(self.done, last):
            terms = self._epoch(stage, epoch - first, loader, learners)
            if not stage.freeze_norms:
                self._settle(loader)
            self._close_epoch(stage, terms, learners)

    def _loader(self, stage: Stage) -> DataLoader:
        """Batches of the stage in its order of each epoch, on the device; every process has all of them, whole."""
        if stage.batch < self.accelerator.num_processes:
            raise RecipeError(
                f"The stage “{stage.name}” has fewer pictures per batch ({stage.batch}) than there are processes "
                f"({self.accelerator.num_processes})."
            )
        return prepare_data_loader(
            batches(self.method.dataset(stage), stage.batch),
            self.accelerator.device,
            num_processes=1,
            process_index=0,
            put_on_device=True,
            # The order of an epoch then depends on the seed and the epoch's number, not on the epochs before it.
            use_seedable_sampler=True,
            data_seed=self.recipe.seed,
        )

    def _settle(self, loader: DataLoader) -> None:
        """Measure the batch-norm statistics of the averaged weights.

        Neither the running statistics nor their average belong to these weights, and with several sentences per picture
        the difference ruins the maps. Norms that are frozen, or that no batch passes, stay unchanged: those of a trunk
        whose features are cached.
        """
        network = self.average.module.train()
        norms = [part for part in network.modules() if isinstance(part, _BatchNorm) and part.training]
        if not norms:
            return
        before = [(deepcopy(norm.state_dict()), norm.momentum) for norm in norms]
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None  # the plain mean over the batches
        with torch.no_grad():
            for batch in islice(loader, SETTLING):
                self.method.forward(network, batch)
                if not any(norm.num_batches_tracked for norm in norms):
                    break  # nothing to measure, and it costs as much as the epoch
        for norm, (state, momentum) in zip(norms, before, strict=True):
            norm.momentum = momentum
            if not norm.num_batches_tracked:
                norm.load_state_dict(state)

    def _epoch(self, stage: Stage, epoch: int, loader: DataLoader, learners: list[Learner]) -> dict[str, float]:
        """One pass over the data; the mean of the step's numbers."""
        set_seed(self.recipe.seed + 1000 * (self.done + 1))
        loader.set_epoch(self.done)  # Accelerate counts from 0 otherwise, also in a resumed run
        loader.dataset.set_epoch(self.done)
        self.method.model.train()
        if stage.freeze_norms:
            freeze_norm_stats(self.method.model)
        sums: dict[str, float] = {}
        title = f"{self.recipe.name} {stage.name} {epoch + 1}/{stage.epochs}"
        total, initial = stage.epochs * len(loader), epoch * len(loader)  # the bar is the stage's
        quiet = self.quiet
        with tqdm(loader, title, total, initial=initial, disable=quiet, mininterval=5, dynamic_ncols=True) as progress:
            for count, batch in enumerate(progress, 1):
                for name, value in self.method.step(batch, learners, stage, epoch).items():
                    sums[name] = sums.get(name, 0.0) + value
                self.average.update_parameters(self.method.model)
                means = {name: f"{value / count:z.3f}" for name, value in sums.items()}
                progress.set_postfix(means | {"best": f"{self.best['score']:.3f}"}, refresh=False)
        return {name: value / count for name, value in sums.items()}

    def _close_epoch(self, stage: Stage, terms: dict[str, float], learners: list[Learner]) -> None:
        """Validate the averaged weights, save them if they are the best, and write the state."""
        started = time.perf_counter()
        scores = self.method.validate(self.average.module.eval())
        if not math.isfinite(scores["score"]):
            raise RecipeError(
                f"“{self.recipe.name}” has come apart in the stage “{stage.name}”: the score of its epoch "
                f"{self.done + 1} is no number. A lower rate may help."
            )
        self.done += 1
        better = scores["score"] > self.best["score"]
        if better:
            self.best = scores
        if self.accelerator.is_main_process:
            line = {"epoch": self.done, "stage": stage.name, "training": terms, "validation": scores}
            self._write(line, learners, better)
        self.accelerator.wait_for_everyone()
        if not self.quiet:
            numbers = "  ".join(f"{name} {value:z.3f}" for name, value in scores.items())
            tqdm.write(f"{self.recipe.name} {stage.name}: {numbers}  ({time.perf_counter() - started:.0f} s)")

    def _write(self, line: dict[str, Any], learners: list[Learner], better: bool) -> None:
        """The run's files after an epoch, and its `line` in the history."""
        weights = self.average.module.state_dict()
        effort = self._cost.read()
        if better:
            tensors = {name: value.contiguous() for name, value in weights.items()}
            write_whole(self.folder / "best.safetensors", lambda path: path.write_bytes(save(tensors)))
        state = {
            "recipe": self.recipe.model_dump(mode="json", exclude_defaults=True),
            "revision": self._revision,
            "done": self.done,
            "parts": self._parts,
            "effort": effort.model_dump() if effort else None,
            "best": self.best,
            "average": weights,
            "averaged": int(self.average.n_averaged),
            "learners": [learner.state() for learner in learners],
        }
        self._write_history(line)
        write_whole(self.folder / STATE, lambda draft: write_state(draft, self.folder, state))

    def _write_history(self, line: dict[str, Any]) -> None:
        """Write the history with `line` for the last epoch.

        It may hold such a line already if a run was killed before it wrote its state.
        """
        history = self.folder / HISTORY
        before = history.read_text(encoding="utf-8").splitlines()[: self.done - 1] if history.is_file() else []
        text = "".join(f"{one}\n" for one in (*before, json.dumps(line)))
        write_whole(history, lambda path: path.write_text(text, encoding="utf-8"))


def batches(dataset: Dataset, size: int) -> DataLoader:
    """Batches of `size` of a method's `dataset`, shuffled in every epoch; an incomplete last batch is dropped."""
    return DataLoader(dataset, batch_size=size, shuffle=True, collate_fn=dataset.collate, drop_last=True)
