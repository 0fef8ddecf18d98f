"""What a model folder knows, on held-out documents: `python evaluate.py --model ../public/models/demo`.

Prints exact match by length and setting, then by kind of question; --what kinds: that alone, of two settings; --what mass:
where each layer's window looks; --what tsp: exact match by TSP layer. One question a reading, as the page asks it."""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import torch
from torch import Tensor

from batches import WINDOW, Example, by_document, examples
from dialogues import MAKERS
from documents import Novels, Request
from fastkv import FULL, Settings, are_right, shared_past
from folders import read_model
from model import Llama, Look, rope_tables
from tokenizer import Tokenizer

QUESTION_KINDS = (*MAKERS, "chat")
RETAIN = (0.05, 0.1, 0.2, 0.5)
SETTINGS = [FULL, *(Settings(r, 0.2) for r in RETAIN), *(Settings(r, 1.0) for r in RETAIN)]
"""The full cache, FastKV, and what SnapKV would be with one choice a KV head: TSP off."""


def judged(model: Llama, made: list[Example], settings: list[Settings]) -> list[list[bool]]:
    """For each question whether it is answered right with each of the settings. Questions on one document share its reading."""
    out = []
    for asked in by_document(made):
        past = shared_past(model, [e.prompt for e in asked])
        together = [list(of) for _, of in groupby(settings, lambda s: (s.tsp_rate, s.tsp_layer))]
        out += [[right for of in together for right in are_right(model, e.prompt, e.answer, of, past)] for e in asked]
    return out


def shares(rows: list[list[bool]], settings: list[Settings]) -> dict[str, float]:
    return {s.name: sum(column) / len(rows) for s, column in zip(settings, zip(*rows))}


def error(made: list[Example], right: list[bool]) -> float:
    """Sampling error of the share that is right; questions on one document count as one draw."""
    share, off = sum(right) / len(right), defaultdict(float)
    for e, is_so in zip(made, right):
        off[id(e.document)] += is_so - share
    return math.sqrt(sum(d * d for d in off.values())) / len(right)


def kinds(made: list[Example], rows: list[list[bool]], settings: list[Settings]) -> dict[str, str]:
    """With the full cache, and with FastKV at the paper's rates; in brackets how many were asked."""
    columns = [settings.index(s) for s in (FULL, Settings())]
    out = {}
    for kind in QUESTION_KINDS:
        of = [[row[column] for column in columns] for e, row in zip(made, rows) if e.turn.kind == kind]
        out[kind] = " / ".join(f"{sum(column) / len(of):.3f}" for column in zip(*of)) + f" ({len(of)})" if of else "-"
    return out


def by_setting(model: Llama, made: list[Example]) -> dict[str, float | str]:
    """Exact match, the sampling error with the full cache, and of the same questions, exact match by kind."""
    rows = judged(model, made, SETTINGS)
    return {**shares(rows, SETTINGS), "error": error(made, [row[0] for row in rows]), **kinds(made, rows, SETTINGS)}


def by_kind(model: Llama, made: list[Example]) -> dict[str, str]:
    settings = [FULL, Settings()]
    return kinds(made, judged(model, made, settings), settings)


def by_tsp_layer(model: Llama, made: list[Example]) -> dict[str, float]:
    settings = [FULL, Settings(0.1, 1.0), *(Settings(0.1, 0.2, T) for T in range(model.config.layers - 1))]
    return shares(judged(model, made, settings), settings)


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
    parser.add_argument("--lengths", default="1000,4000,8000,15500", help="about how many tokens a prompt")
    parser.add_argument("--questions", type=int, default=500, help="of each length")
    parser.add_argument("--per-document", type=int, default=10)
    parser.add_argument("--styles", default=",".join(Request.styles))
    parser.add_argument("--fact-share", type=float, nargs=2, default=Request.share, help="between which shares of a text tell facts")
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
    results = {}
    lines: list[str] = []
    for length in map(int, args.lengths.split(",")):
        made = examples(
            tokenizer, novels, f"evaluate-{args.seed}", length, args.questions, styles=tuple(args.styles.split(",")),
            per_document=args.per_document, fact_share=tuple(args.fact_share),
        )  # fmt: skip
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
