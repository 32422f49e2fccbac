"""A slow, literal LoR2C: one model, plain parameters, torch's AdamW, full singular value decompositions.

Written from semantics.md alone. It shares only the names of Rules with the engine, so a comparison proves something.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from lor2c_worker.rules import Rules


@dataclass
class Module:
    """A residual module: its layers, A, B, and whether it came from a merge."""

    start: int
    end: int
    a: nn.Parameter
    b: nn.Parameter
    merged: bool = False


@dataclass
class Run:
    """Results to compare with the engine's."""

    losses: list[float] = field(default_factory=list)
    norms: list[float] = field(default_factory=list)
    #: (epoch, kind, first layer, last layer, layer whose tensors were kept or removed, epoch of the scores)
    events: list[tuple[int, str, int, int, int, int]] = field(default_factory=list)


class Reference:
    """Trains `classifier` (a float64 transformers RoBERTa or BERT) over the given batches."""

    def __init__(
        self,
        classifier: nn.Module,
        rules: Rules,
        epochs: int,
        merges: int,
        injections: int,
        initial: dict[str, torch.Tensor],
        *,
        share: bool,
        scale: float,
        injected_scale: float,
    ) -> None:
        self.classifier, self.rules, self.epochs = classifier, rules, epochs
        self.merges, self.injections, self.share = merges, injections, share
        self.scale, self.injected_scale, self.initial = scale, injected_scale, initial
        classifier.requires_grad_(False)
        self.layers = list(classifier.base_model.encoder.layer)
        self.hidden = classifier.config.hidden_size
        shared = nn.Parameter(initial["lor2c.shared.A"].clone()) if share else None
        self.modules = [
            Module(
                i,
                i,
                shared if shared is not None else nn.Parameter(initial[f"lor2c.{i}.A"].clone()),
                nn.Parameter(initial[f"lor2c.{i}.B"].clone()),
            )
            for i in range(len(self.layers))
        ]
        self.lora: dict[tuple[int, str], tuple[nn.Parameter, nn.Parameter]] = {}
        self.head = [p for name, p in classifier.named_parameters() if name.startswith("classifier.")]
        for p in self.head:
            p.requires_grad_(True)
        body = list(dict.fromkeys(p for m in self.modules for p in (m.a, m.b)))
        groups = [{"params": body, "head": False}, {"params": self.head, "head": True}]
        self.adam = torch.optim.AdamW(groups, lr=0.0, weight_decay=rules.weight_decay)
        self.inputs: dict[int, torch.Tensor] = {}
        for i, layer in enumerate(self.layers):
            layer.register_forward_pre_hook(lambda m, args, i=i: self.inputs.__setitem__(i, args[0]))
            layer.register_forward_hook(lambda m, args, out, i=i: self._add(i, out))
            for name in ("query", "value"):
                linear = getattr(layer.attention.self, name)
                linear.register_forward_hook(lambda m, args, out, i=i, n=name: self._lora(i, n, args[0], out))

    def _add(self, layer: int, out: torch.Tensor) -> torch.Tensor:
        for m in self.modules:
            if m.end == layer:
                out = out + self.scale * (self.inputs[m.start] @ m.a.T @ m.b.T)
        return out

    def _lora(self, layer: int, name: str, x: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
        if (layer, name) not in self.lora:
            return out
        a, b = self.lora[layer, name]
        return out + self.injected_scale * (x @ a.T @ b.T)

    def train(self, batches: list[dict[str, torch.Tensor]], lrs: list[float]) -> Run:
        """Train over `batches` in every epoch. lrs: learning rate of the body per step; the head has half of it."""
        run, step = Run(), 0
        done = {"merge": 0, "inject": 0}
        logged: dict[int, dict[int, float]] = {}
        for epoch in range(1, self.epochs + 1):
            for batch in batches:
                for group in self.adam.param_groups:
                    group["lr"] = lrs[step] / 2 if group["head"] else lrs[step]
                for p in self._alive():
                    p.grad = None
                loss = self.classifier(**batch).loss
                loss.backward()
                run.losses.append(loss.item())
                with_grad = [p for p in self._alive() if p.grad is not None]
                run.norms.append(nn.utils.clip_grad_norm_(with_grad, 1.0).item())
                self.adam.step()
                step += 1
            self._end_epoch(epoch, done, logged, run)
        return run

    def _alive(self) -> list[nn.Parameter]:
        """Every parameter that has a gradient, in the optimizer or not, and every one the optimizer still holds."""
        found = [p for m in self.modules for p in (m.a, m.b)] + [p for ab in self.lora.values() for p in ab] + self.head
        found += [p for g in self.adam.param_groups for p in g["params"]]
        return list({id(p): p for p in found}.values())

    def _interval(self, count: int) -> int:
        return math.floor(self.epochs / 4 / (count + 1e-9)) + 1

    def _end_epoch(self, epoch: int, done: dict[str, int], logged: dict[int, dict[int, float]], run: Run) -> None:
        intervals = [self._interval(c) for c in (self.merges, self.injections) if c]
        if not intervals:
            return
        period = min(intervals)
        if self.rules.scores_from == "fresh" or math.floor(epoch + period / 2) % period == 0:
            logged[epoch] = self._scores()
        if not logged:
            return
        source = max(logged)
        scores = logged[source]
        if self.merges and epoch % self._interval(self.merges) == 0 and done["merge"] < self.merges:
            found = self._pick_pair(scores)
            if found:
                done["merge"] += 1
                run.events.append((epoch, "merge", *self._merge(*found, scores), source))
        if self.injections and epoch % self._interval(self.injections) == 0 and done["inject"] < self.injections:
            free = [m for m in self.modules if not m.merged and m.start in scores]
            if free:
                best = max if self.rules.inject_pick == "highest" else min
                target = best(
                    free, key=lambda m: scores[m.start]
                )  # the first of equal ones, which has the lowest layer
                done["inject"] += 1
                self._inject(target)
                run.events.append((epoch, "inject", target.start, target.start, target.start, source))

    def _scores(self) -> dict[int, float]:
        """Score of every module, by full decomposition of B A."""
        out: dict[int, float] = {}
        for m in self.modules:
            values = torch.linalg.svdvals((m.b @ m.a).detach())
            total, top = values.sum().item(), values[: self.rules.score_k].sum().item()
            if self.rules.score == "mean_singular_value":
                out[m.start] = total / self.hidden
            else:
                out[m.start] = (1 - top / total) if self.rules.score == "sfs" else top / total
            if self.share and self.rules.share_scores == "first":
                break
        return out

    def _pick_pair(self, scores: dict[int, float]) -> tuple[Module, Module] | None:
        best: tuple[float, Module, Module] | None = None
        for m, n in zip(self.modules, self.modules[1:], strict=False):
            if m.end + 1 != n.start or m.start not in scores or n.start not in scores:
                continue
            total = scores[m.start] + scores[n.start]
            if best is None or total < best[0]:
                best = (total, m, n)
        return None if best is None else best[1:]

    def _merge(self, m: Module, n: Module, scores: dict[int, float]) -> tuple[int, int, int]:
        second = self.rules.merge_keep == "higher_score" and scores[n.start] > scores[m.start]
        kept = n if second else m
        a, b = kept.a, kept.b
        if not self.rules.merged_trains or self.rules.merged_moments == "fresh":
            # New parameters. With fresh moments the optimizer gets them.
            a = kept.a if self.share else nn.Parameter(kept.a.detach().clone())
            b = nn.Parameter(kept.b.detach().clone())
            if self.rules.merged_trains:
                self.adam.add_param_group({"params": [b] if self.share else [a, b], "head": False})
        at = self.modules.index(m)
        self.modules[at : at + 2] = [Module(m.start, n.end, a, b, merged=True)]
        return m.start, n.end, kept.start

    def _inject(self, target: Module) -> None:
        self.modules.remove(target)
        if not self.rules.injected_trains:
            return  # frozen before its first step with B zero, so only the removal of the module has an effect
        for name in ("query", "value"):
            prefix = f"injected.{target.start}.{name}"
            a, b = (nn.Parameter(self.initial[f"{prefix}.{part}"].clone()) for part in "AB")
            self.lora[target.start, name] = (a, b)
            self.adam.add_param_group({"params": [a, b], "head": False})


def lr_list(peak: float, steps: int) -> list[float]:
    """Any positive, changing rates: here falling linearly."""
    return [peak * (steps - step) / steps for step in range(steps)]


def inputs_of(batch: Any) -> dict[str, torch.Tensor]:
    return {"input_ids": batch.input_ids, "attention_mask": batch.attention_mask, "labels": batch.labels}
