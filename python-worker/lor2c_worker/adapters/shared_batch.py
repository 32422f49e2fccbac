"""What lanes that train on the same batch share: its layout, its masks and the states of the frozen layers."""

from __future__ import annotations

from ..backbones.backbone import Backbone, BatchLayout, FrozenStates
from ..data.batch import Batch
from ..keyed.masks import StepMasks
from ..keyed.seeding import StepKey


class SharedBatch:
    """Remembers what belongs to the newest batch, step and seed, so that it is made once for all groups of lanes."""

    def __init__(self, backbone: Backbone) -> None:
        self._backbone = backbone
        #: Keep masks from one use to the next.
        self.keeps_masks = True
        self._known: tuple[Batch, StepKey | None, int | None] | None = None
        self._made: tuple[BatchLayout, StepMasks | None, FrozenStates] | None = None

    def of(
        self, batch: Batch, step: StepKey | None, seed: int | None, *, keep: bool
    ) -> tuple[BatchLayout, StepMasks | None, FrozenStates]:
        """`seed` None: without masks, as in an evaluation. `keep`: other groups will ask for the same."""
        # The same batch, not an equal one: comparing its tensors would wait for a GPU.
        if self._made and self._known and self._known[0] is batch and self._known[1:] == (step, seed):
            return self._made
        layout = self._backbone.layout(batch)
        masks = None if step is None or seed is None else StepMasks(seed, step, batch, layout, keeps=self.keeps_masks)
        made: tuple[BatchLayout, StepMasks | None, FrozenStates] = layout, masks, {}
        self._known, self._made = ((batch, step, seed), made) if keep else (None, None)
        return made

    def forget(self) -> None:
        """Free it: the lanes have changed, or memory has run out."""
        self._known = self._made = None
