"""What a model folder knows, on held-out documents: `python evaluate.py --model ../public/models/demo`.

Prints exact match by length and setting; --what mass: where each layer's window looks; --what tsp: exact match by TSP layer.
One question a reading, as the page asks it; sampling error of 500 questions is 0.022 or less."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import torch
from torch import Tensor

from batches import WINDOW, Example, examples
from dialogues import MAKERS, kind_mix
from documents import Novels, Request
from fastkv import FULL, Settings, is_right, shared_past
from folders import read_model
from model import Llama, Look, rope_tables
from tokenizer import Tokenizer

KINDS = (*MAKERS, "chat")
RETAIN = (0.05, 0.1, 0.2, 0.5)
SETTINGS = [FULL, *(Settings(r, 0.2) for r in RETAIN), *(Settings(r, 1.0) for r in RETAIN)]
"""The full cache, FastKV, and what SnapKV would be with one choice a KV head: TSP off."""


def by_document(made: list[Example]) -> Iterator[list[Example]]:
    for _, group in groupby(made, lambda e: id(e.document)):
        yield list(group)


def judged(model: Llama, made: list[Example], settings: list[Settings]) -> list[list[bool]]:
    """For each question whether it is answered right with each of the settings. Questions on one document share its reading."""
    out = []
    for asked in by_document(made):
        past = shared_past(model, [e.prompt for e in asked])
        out += [[is_right(model, e.prompt, e.answer, s, past) for s in settings] for e in asked]
    return out


def shares(model: Llama, made: list[Example], settings: list[Settings]) -> dict[str, float]:
    columns = zip(*judged(model, made, settings))
    return {s.name: sum(column) / len(made) for s, column in zip(settings, columns)}


def by_setting(model: Llama, made: list[Example]) -> dict[str, float]:
    return shares(model, made, SETTINGS)


def by_kind(model: Llama, made: list[Example]) -> dict[str, str]:
    """With the full cache, and with FastKV as the page begins; in brackets how many were asked."""
    rows = judged(model, made, [FULL, Settings()])
    out = {}
    for kind in KINDS:
        of = [row for e, row in zip(made, rows) if e.turn.kind == kind]
        out[kind] = " / ".join(f"{sum(column) / len(of):.3f}" for column in zip(*of)) + f" ({len(of)})" if of else "-"
    return out


def by_tsp_layer(model: Llama, made: list[Example]) -> dict[str, float]:
    return shares(model, made, [FULL, Settings(0.1, 1.0), *(Settings(0.1, 0.2, T) for T in range(model.config.layers - 1))])


@torch.no_grad()
def masses(model: Llama, e: Example) -> list[Tensor]:
    """What the window pays to the answer's facts, of 1, by layer: [G] each."""
    device = model.embed_tokens.weight.device
    n = len(e.prompt)
    spans = torch.zeros(1, 1, n, dtype=torch.bool, device=device)
    for start, end in e.spans:
        spans[0, 0, start:end] = True
    look = Look(torch.arange(n - WINDOW, n, device=device)[None, None], spans)
    x = model.embed_tokens(torch.tensor(e.prompt, device=device))[None]
    tables = rope_tables(model.config, torch.arange(n, device=device)[None])
    out = []
    for layer in model.layers:
        x, q, k = layer(x, tables)
        out.append(look.masses(q, k)[0, 0])
    return out


def by_layer(model: Llama, made: list[Example]) -> dict[str, list[float]]:
    """Means over questions that rest on facts, for every KV head."""
    every = [masses(model, e) for e in made if e.spans]
    means = [torch.stack([m[i] for m in every]).mean(0) for i in range(model.config.layers)]
    return {f"layer {i}": [round(float(m), 3) for m in mean] for i, mean in enumerate(means)}


WHAT: dict[str, Callable[[Llama, list[Example]], dict]] = {
    "settings": by_setting, "kinds": by_kind, "tsp": by_tsp_layer, "mass": by_layer,
}  # fmt: skip


def print_table(results: dict[int, dict]) -> None:
    """A Markdown table: a row a setting, a column a length."""
    print("| tokens a prompt | " + " | ".join(f"{length:,}" for length in results) + " |")
    print("| --- |" + " ---: |" * len(results))
    for name in next(iter(results.values())):
        cells = (r.get(name, "") for r in results.values())
        print(f"| {name} | " + " | ".join(f"{c:.3f}" if isinstance(c, float) else str(c) for c in cells) + " |")


def documents(length: int, made: list[Example]) -> Iterator[str]:
    """As lines for `npm run eval:demo -- --from`."""
    for asked in by_document(made):
        turns = [{"kind": e.turn.kind, "question": e.turn.question, "answer": e.turn.answer} for e in asked]
        yield json.dumps({"length": length, "text": asked[0].document.text, "questions": turns}, ensure_ascii=False) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="a folder that export.py wrote")
    parser.add_argument("--what", choices=list(WHAT), default="settings")
    parser.add_argument("--lengths", default="1000,4000,8000,16000", help="tokens a prompt")
    parser.add_argument("--questions", type=int, default=500, help="of each length")
    parser.add_argument("--per-document", type=int, default=10)
    parser.add_argument("--single", action="store_true", help="questions on single facts alone")
    parser.add_argument("--styles", default=",".join(Request.styles))
    parser.add_argument("--novels", type=Path, help="the last ten novels of the file are held out for this")
    parser.add_argument("--seed", type=int, default=1, help="of the held-out documents")
    parser.add_argument("--write", type=Path, help="only the questions, as lines that the engine's evaluation reads")
    parser.add_argument("--threads", type=int)
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    model = read_model(args.model).eval().to("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = Tokenizer(args.model / "tokenizer.json")
    novels = Novels(args.novels, held_out=True) if args.novels else None
    mix = {"single": 1.0} if args.single else kind_mix(1.0)
    results = {}
    lines: list[str] = []
    for length in map(int, args.lengths.split(",")):
        made = examples(
            tokenizer, novels, f"evaluate-{args.seed}", length, args.questions, mix, tuple(args.styles.split(",")), args.per_document
        )
        if args.write:
            lines += documents(length, made)
        else:
            results[round(sum(len(e.prompt) for e in made) / len(made))] = WHAT[args.what](model, made)
    if args.write:
        args.write.write_text("".join(lines), encoding="utf-8")
        return
    print_table(results)
    print(json.dumps({"model": str(args.model), "what": args.what, "questions": args.questions, "seed": args.seed, "results": results}))


if __name__ == "__main__":
    main()
