"""The low-rank matrices of each adapter in a wrapped layer, as peft expects them of a tuner's layer."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import nn

from .common import Common, Matrices, random_matrix

NOT_MERGEABLE = (
    "a LoR2C adapter cannot be merged into the weights: its branch passes around a whole layer, which is not linear, "
    "so no weight exists that could hold it. Keep the adapter beside the model."
)


class LowRank(BaseTunerLayer):
    """A (r, d_in) and B (d_out, r) of each adapter, with scale and dropout."""

    adapter_layer_names = ("lor2c_A", "lor2c_B")
    other_param_names: tuple[str, ...] = ("lor2c_scale", "lor2c_p", "lor2c_names")

    base_layer: nn.Module
    common: Common

    def _make_containers(self) -> None:
        self.lor2c_A = Matrices()
        self.lor2c_B = Matrices()
        self.lor2c_scale: dict[str, float] = {}
        self.lor2c_p: dict[str, float] = {}
        self._disable_adapters = False
        self.merged_adapters = []

    @property
    def lor2c_names(self) -> dict[str, bool]:
        return self.common.names

    def _add(
        self,
        name: str,
        rank: int,
        d_in: int,
        d_out: int,
        scale: float,
        p: float,
        *,
        zero_b: bool,
        own_a: bool = True,
        count: int = 1,
    ) -> None:
        """Add an adapter, of `count` pairs A and B one below the other, on the device and with the dtype of the wrapped
        layer. With `zero_b` the output stays the same. Without `own_a` the tuner has the shared A."""
        device, dtype = self._placement()
        if own_a:
            self.lor2c_A[name] = nn.Parameter(random_matrix(count * rank, d_in).to(device, dtype))
        b = torch.zeros(count * d_out, rank) if zero_b else random_matrix(count * d_out, rank)
        self.lor2c_B[name] = nn.Parameter(b.to(device, dtype))
        self.lor2c_scale[name], self.lor2c_p[name] = scale, p

    def _placement(self) -> tuple[torch.device, torch.dtype | None]:
        """Device and dtype of the wrapped layer. peft looks at its `weight`, which a transformer layer lacks."""
        own = [p for name, p in self.base_layer.named_parameters() if "lor2c_" not in name]
        dtypes = (p.dtype for p in own if p.is_floating_point())
        return own[0].device, getattr(self.base_layer, "compute_dtype", None) or next(dtypes, None)

    def _move_adapter_to_device_of_base_layer(self, adapter_name: str, device: torch.device | None = None) -> None:
        """peft calls it after loading. The dtype is cast at the end of that (`cast`), not in between, where fp32
        matrices of a bf16 model would be rounded on their way."""
        for matrices in (self.lor2c_A, self.lor2c_B):
            if adapter_name in matrices and not matrices[adapter_name].is_meta:
                matrices[adapter_name] = matrices[adapter_name].to(device or self._placement()[0])

    def cast(self, adapter_name: str) -> None:
        """To the dtype of the wrapped layer."""
        for matrices in (self.lor2c_A, self.lor2c_B):
            if adapter_name in matrices:
                matrices[adapter_name] = matrices[adapter_name].to(self._placement()[1])

    def _apply_to(self, name: str, y: torch.Tensor, x: torch.Tensor, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """y + scale * B A drop(x), [..., d], on y's device, computed in the adapter's precision, returned in y's."""
        # Under a device_map a module may begin on another device than it ends.
        a, b = a.to(y.device), b.to(y.device)
        x = self._cast_input_dtype(x.to(y.device), a.dtype)
        if self.training and self.lor2c_p[name] > 0:  # type: ignore[attr-defined]
            x = nn.functional.dropout(x, self.lor2c_p[name])
        # Mixed precision rounds the products of the frozen model only.
        mixed = torch.amp.is_autocast_available(y.device.type)
        with torch.autocast(y.device.type, enabled=False) if mixed else nullcontext():
            added = nn.functional.linear(nn.functional.linear(x, a), b)
            return torch.add(y.to(a.dtype), added, alpha=self.lor2c_scale[name]).to(y.dtype)

    def merge(self, safe_merge: bool = False, adapter_names: list[str] | None = None) -> None:
        raise ValueError(NOT_MERGEABLE)

    def unmerge(self) -> None:
        raise ValueError(NOT_MERGEABLE)

    def __repr__(self) -> str:
        return "lor2c." + super().__repr__()
