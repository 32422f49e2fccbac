"""The untuned model as a row of results (the paper's w/o FT): nothing trains, and one evaluation is the run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..adapters.peft_learner import PeftLearner
from ..backbones.adapted_decoder import AdaptedDecoder
from ..backbones.backbone import NO_ADAPTERS
from ..backbones.decoder import Decoder
from ..backbones.heads import LanguageModelHead
from ..backbones.unpadded_decoder import UnpaddedDecoder
from ..learner import Learner
from ..models import LoadedModel
from ..settings import SettingsError
from .method import Cell, Method
from .plan import Horizon, Part


@dataclass(frozen=True)
class NoneParams:
    pass


class UntunedLearner(PeftLearner):
    """A language model with no tensor that trains."""

    def decoder(self) -> Decoder:
        """Unpadded where the model allows that."""
        try:
            backbone = UnpaddedDecoder(self.module)
        except ValueError:
            return super().decoder()
        return AdaptedDecoder(backbone, LanguageModelHead(self.module), lambda: NO_ADAPTERS)


class Untuned(Method):
    """Saves no adapter: the settings name all that a run was."""

    name = "none"
    summary = "The untuned model: nothing trains, and it is evaluated once"
    source = "paper Table II, w/o FT"
    Params = NoneParams
    trains = False
    keeps_model = True

    def parts(self, model: LoadedModel, params: NoneParams) -> list[Part]:
        return []

    def unreached(self, model: LoadedModel, params: NoneParams, horizon: Horizon) -> list[str]:
        _refuse_classifier(model)
        return []

    def build(self, model: LoadedModel, cells: list[Cell], *, horizon: Horizon) -> Learner:
        """Raises SettingsError for a classifier."""
        _refuse_classifier(model)
        return UntunedLearner(model.module, model.head, [cell.id for cell in cells], cells[0].seed)

    def save(self, learner: Learner, lane: int, model: LoadedModel, folder: Path) -> None:
        """Nothing to write."""

    def load(self, model: LoadedModel, params: NoneParams, folder: Path) -> Learner:
        return self.build(model, [Cell("loaded", params)], horizon=Horizon(0, 0, 1))


def _refuse_classifier(model: LoadedModel) -> None:
    if model.head:
        raise SettingsError(
            "method none scores a model as it is, and the head of this task would be random numbers. "
            "Take a task that learns texts (alpaca, instruct), or a method that trains"
        )


METHOD = Untuned()
