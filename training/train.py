"""Trains the demo model: `python train.py --preset cpu --minutes 60 --out out/cpu [--novels novels.txt.xz]`.

Goes on where `out/checkpoint.pt` left off. With --tokens instead of --minutes the length of the run, and so its result,
does not depend on the machine's speed."""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from batches import ALIKE, COPIES, LOOKS, ROWS, Batch, Maker, Shape, by_document, examples
from documents import Novels
from fastkv import FULL, Settings, is_right, shared_tokens
from folders import read_model
from model import PRESETS, Llama, deepened
from muon import Optimizers
from together import read_together
from tokenizer import Tokenizer

# Until which share of the run, tokens a sequence, sequences a step.
STAGES = {
    "tiny": [(1.0, 160, 16)],
    "cpu": [(0.3, 256, 16), (0.7, 512, 8), (0.92, 1024, 4), (1.0, 2048, 2)],
    # To go on from a folder: long from the start.
    "further": [(0.5, 512, 8), (0.85, 1024, 4), (1.0, 2048, 2)],
    # Likewise, a document at a time.
    "long": [(0.8, 4096, 1), (1.0, 6144, 1)],
    "longer": [(0.5, 4096, 1), (1.0, 8192, 1)],
    # The layers beyond T alone, on documents as long as what is hard for them.
    "beyond": [(0.3, 4096, 1), (1.0, 8192, 1)],
    "gpu": [(0.1, 256, 256), (0.2, 512, 128), (0.4, 1024, 64), (0.6, 2048, 32), (0.78, 4096, 16), (0.9, 8192, 8), (1.0, 16_384, 4)],
}
FAR = "beyond", "long", "longer"
"""The stages of long documents; each has an argument of its name, and at most one is given."""
SHORT = 1024, 4
"""Tokens a sequence and sequences of the batches that --short-every puts among long ones."""
LOOK_WEIGHT = 0.2
COMPRESSED = (768, 1024, 1536)
"""Tokens of documents that are read with FastKV in training: a share of shorter ones has no room for the facts."""
WARM_UP = 60
DECAY_FROM = 0.5


def rate(step: int, progress: float, decay_from: float = DECAY_FROM) -> float:
    """Factor on the learning rates: up over the first steps, level, then down to nearly nothing."""
    fall = 1.0 if progress < decay_from else (1 - progress) / (1 - decay_from)
    return min(1.0, (step + 1) / WARM_UP) * max(0.03, fall)


class Clock:
    """How far the run is, by time or by tokens; time of earlier runs counts."""

    def __init__(self, minutes: float | None, tokens: float | None) -> None:
        self.minutes, self.tokens = minutes, tokens
        self.seen, self.earlier, self.started = 0, 0.0, time.monotonic()

    @property
    def seconds(self) -> float:
        return self.earlier + time.monotonic() - self.started

    @property
    def progress(self) -> float:
        return self.seconds / (60 * self.minutes) if self.minutes else self.seen / (self.tokens or 1)


class Steps(Dataset[Batch]):
    """A batch for every shape; made in other processes where there are some."""

    def __init__(self, maker: Maker) -> None:
        self.maker = maker

    def __getitem__(self, shape: Shape) -> Batch:
        return self.maker.batch(shape)


class Schedule:
    """The shapes to come, as long as the clock runs. `issued` counts tokens of batches that are still being made, too."""

    def __init__(
        self, clock: Clock, stages: list[tuple[float, int, int]], first: int, learned: bool, stop_after: int | None = None,
        short_every: int = 0,
    ) -> None:
        """learned: that the model knows the easy part, so that all kinds of questions are asked from the start."""
        self.clock, self.stages, self.step, self.learned = clock, stages, first, learned
        self.stop_after = math.inf if stop_after is None else stop_after
        self.short_every = short_every
        self.issued = clock.seen

    @property
    def progress(self) -> float:
        return self.clock.progress if self.clock.minutes else self.issued / (self.clock.tokens or 1)

    def __iter__(self) -> Iterator[Shape]:
        while self.step < self.stop_after and (progress := self.progress) < 1:
            short = self.short_every and self.step % self.short_every == self.short_every - 1
            length, sequences = SHORT if short else next((T, B) for until, T, B in self.stages if progress < until)
            self.issued += length * sequences
            yield Shape(self.step, 1.0 if self.learned else progress, length, sequences)
            self.step += 1


class Trainer:
    def __init__(self, args: argparse.Namespace) -> None:
        torch.manual_seed(args.seed)
        self.args = args
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        model = read_model(args.start) if args.start else Llama(PRESETS[args.preset])
        self.model = (deepened(model, args.deepen) if args.deepen else model).to(self.device)
        self.config = self.model.config
        self.further = args.start is not None
        self.far = next((name for name in FAR if getattr(args, name)), None)
        if args.compile:
            # A layer at a time: all share what was compiled for one, so that a new length costs seconds.
            for layer in self.model.layers:
                layer.compile(dynamic=False)
        tsp = self.config.tsp_layer
        if args.beyond:
            self.model.embed_tokens.requires_grad_(False)
            self.model.layers[: tsp + 1].requires_grad_(False)
        self.looks = {name for i, name in self.config.looking.items() if not args.beyond or i > tsp}
        self.optimizers = Optimizers(self.model)
        self.tokenizer = Tokenizer(args.start / "tokenizer.json") if args.start else Tokenizer()
        self.novels = Novels(args.novels) if args.novels else None
        asking = {name: getattr(args, name) for name in ("looks", "rows", "alike", "others", "copies", "again", "copy_again", "two_steps")}
        self.maker = Maker(self.tokenizer, self.novels, args.seed, select=self.far is not None, **asking)
        self.clock = Clock(args.minutes, args.tokens)
        self.step = 0
        self.file = args.out / "checkpoint.pt"
        if self.file.exists():
            self.resume(torch.load(self.file, map_location=self.device, weights_only=True))

    def resume(self, saved: dict) -> None:
        if (saved["config"], saved.get("way")) != (self.config.as_dict(), self.way()):
            raise SystemExit(f"{self.file} is of another model or another way of training: take another --out")
        self.model.load_state_dict(saved["model"])
        self.optimizers.load_state_dict(saved["optimizers"])
        self.step, self.clock.seen, self.clock.earlier = saved["step"], saved["seen"], saved["seconds"]

    def way(self) -> dict:
        """All that a run and its batches depend on, but how long it is."""
        names = (
            "seed", "peak", "looks", "rows", "say", "alike", "others", "copies", "again", "copy_again", "beyond", "long",
            "longer", "short_every", "two_steps", "deepen", "compressed_every", "decay_from",
        )  # fmt: skip
        return {**{name: getattr(self.args, name) for name in names}, "further": self.further, "novels": self.novels is not None}

    def save(self) -> None:
        saved = {
            "config": self.config.as_dict(), "model": self.model.state_dict(), "optimizers": self.optimizers.state_dict(),
            "step": self.step, "seen": self.clock.seen, "seconds": self.clock.seconds, "way": self.way(),
        }
        torch.save(saved, self.file.with_suffix(".new"))
        os.replace(self.file.with_suffix(".new"), self.file)

    def autocast(self) -> AbstractContextManager:
        return torch.autocast(self.device, torch.bfloat16) if self.args.bf16 else nullcontext()

    def losses(self, batch: Batch) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """The answers' mean loss, what is trained on, and the losses of looking."""
        looks = {name: look for name, look in batch.looks.items() if name in self.looks}
        hidden, looking = self.model(batch.ids[:, :-1], batch.positions, looks, self.args.say, batch.going_on)
        on = slice(None) if batch.going_on is None else batch.going_on
        targets, weights = batch.ids[:, 1:][:, on].flatten(), batch.weights[:, on].flatten()
        # Of the other tokens a quarter each step: the vocabulary is most of the cost of a token's loss.
        quarter = torch.arange(len(weights), device=weights.device) % 4 == self.step % 4
        counted = weights == 1
        rows = (counted | quarter).nonzero()[:, 0]
        targets, weights, counted = targets[rows], weights[rows], counted[rows]
        each = F.cross_entropy(self.model.logits(hidden.flatten(0, 1)[rows]), targets, reduction="none")
        answers = (each * counted).sum() / counted.sum().clamp(min=1)
        spread = torch.where(counted, weights, 4 * weights)
        return answers, (each * spread).sum() / spread.sum() + LOOK_WEIGHT * sum(looking.values()), looking

    def compressed_loss(self) -> Tensor:
        """Of answers that are read from a cache as FastKV leaves it, the questions on one document with one setting."""
        r = random.Random(f"compressed-{self.args.seed}-{self.step}")
        losses = []
        for asked in by_document(self.maker.asked(self.step, r.choice(COMPRESSED))):
            settings = Settings(r.choice((0.05, 0.1, 0.2)), r.choice((0.2, 0.2, 1.0)))
            past = shared_tokens([e.prompt for e in asked])
            document = torch.tensor(asked[0].prompt[:past], device=self.device)
            logits, targets = read_together(self.model, document, [e.prompt[past:] for e in asked], [e.answer for e in asked], settings)
            losses.append(F.cross_entropy(logits, targets, reduction="none"))
        return torch.cat(losses).mean()

    def train(self) -> None:
        a, workers = self.args, self.args.workers
        stages = STAGES[self.far or ("further" if self.further and a.preset == "cpu" else a.preset)]
        schedule = Schedule(self.clock, stages, self.step, self.further, a.stop_after, a.short_every)
        loader = DataLoader(
            Steps(self.maker), batch_size=None, sampler=schedule, num_workers=workers, prefetch_factor=4 if workers else None,
            pin_memory=self.device == "cuda",
        )  # fmt: skip
        means: dict[str, float] = {}
        for done, batch in enumerate(loader, 1):
            T, progress = batch.ids.shape[1] - 1, self.clock.progress
            with self.autocast():
                answers, loss, parts = self.losses(batch.to(self.device))
                if self.args.compressed_every and (self.further or progress > 0.6) and self.step % self.args.compressed_every == 0:
                    parts["compressed"] = self.compressed_loss()
                    loss = loss + parts["compressed"]
            loss.backward()
            self.optimizers.step(self.args.peak * rate(self.step, progress, self.args.decay_from))
            self.step += 1
            self.clock.seen += batch.weights.numel()
            keep = min(0.98, 1 - 1 / done)
            for name, value in {"answer": answers, **parts}.items():
                means[name] = keep * means.get(name, 0.0) + (1 - keep) * float(value.detach())
            if self.step % self.args.log_every == 0:
                self.report(T, means)
            if self.step % self.args.eval_every == 0:
                self.evaluate(T)
                self.save()
        self.save()

    def report(self, length: int, losses: dict[str, float]) -> None:
        c = self.clock
        facts = {
            "step": self.step, "progress": round(c.progress, 3), "length": length, "million_tokens": round(c.seen / 1e6, 2),
            "loss": {name: round(value, 3) for name, value in losses.items()}, "tokens_per_second": round(c.seen / c.seconds),
        }
        self.log(facts)

    def evaluate(self, length: int) -> None:
        """Exact match of single questions on documents that fill half of a sequence, full and with FastKV's defaults."""
        self.model.eval()
        prompts = max(128, length // 2)
        made = examples(self.tokenizer, self.novels, "watch", prompts, self.args.eval_questions, {"single": 1.0})
        with self.autocast():
            right = {s.name: sum(is_right(self.model, e.prompt, e.answer, s) for e in made) / len(made) for s in (FULL, Settings())}
        self.model.train()
        self.log({"step": self.step, "prompt_tokens": prompts, "exact_match": right})

    def log(self, facts: dict) -> None:
        line = json.dumps(facts)
        print(line, flush=True)
        with (self.args.out / "log.jsonl").open("a") as f:
            f.write(line + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=list(PRESETS), default="cpu", help="the model, and how long sequences are when")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="of training, with those of earlier runs that this one goes on from")
    length.add_argument("--tokens", type=float, help="to train on, likewise")
    parser.add_argument("--stop-after", type=int, help="steps, to go on later")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--from", dest="start", type=Path, help="a folder to begin with, in place of the preset's random weights")
    parser.add_argument("--deepen", type=int, nargs="*", default=[], help="layers to put a new one before")
    parser.add_argument("--peak", type=float, default=1.0, help="factor on all learning rates")
    parser.add_argument("--decay-from", type=float, default=DECAY_FROM, help="share of the run from which the rates fall")
    parser.add_argument("--novels", type=Path, help="novels.txt or novels.txt.xz; generated prose alone without")
    parser.add_argument("--looks", type=int, default=LOOKS, help="questions of a batch whose windows are trained to look")
    parser.add_argument("--rows", type=int, default=ROWS, help="positions of each window")
    parser.add_argument("--alike", type=float, default=ALIKE, help="share of batches that tell of one or two kinds of things alone")
    parser.add_argument("--others", type=float, default=1.0, help="weight of all kinds of questions but single facts, beside evaluation's")
    parser.add_argument("--copies", type=int, default=COPIES, help="questions whose answers are trained to look, too")
    parser.add_argument("--again", action="store_true", help="train the layer before the copying to look at the facts again")
    parser.add_argument("--copy-again", action="store_true", help="train the layer after the copying to copy again")
    far = parser.add_mutually_exclusive_group()
    far.add_argument("--beyond", action="store_true", help="train the layers beyond T alone, on long documents")
    far.add_argument("--long", action="store_true", help="train all layers on long documents")
    far.add_argument("--longer", action="store_true", help="likewise, half of the tokens in still longer ones")
    parser.add_argument("--short-every", type=int, default=0, help="steps between batches of several short sequences; 0 for none")
    parser.add_argument("--two-steps", action="store_true", help="link more facts, and ask more in two steps")
    parser.add_argument("--say", action=argparse.BooleanOptionalAction, default=True, help="train that looking at a token alone says it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, help="of the CPU")
    parser.add_argument("--workers", type=int, default=0, help="processes that make batches")
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True, help="matrix products in bf16")
    parser.add_argument("--compile", action="store_true", help="torch.compile")
    parser.add_argument("--compressed-every", type=int, default=0, help="steps between those that also read with FastKV; 0 for none")
    parser.add_argument("--log-every", type=int, default=50)
    parser.add_argument("--eval-every", type=int, default=500)
    parser.add_argument("--eval-questions", type=int, default=100)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    # Sharp attention is full of numbers that a CPU is slow at. Threads inherit this, so it comes before there are any.
    torch.set_flush_denormal(True)
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(args)
    count = sum(p.numel() for p in trainer.model.parameters())
    trainer.log({"preset": args.preset, "parameters": count, "device": trainer.device, "from_step": trainer.step, **trainer.way()})
    trainer.train()


if __name__ == "__main__":
    main()
