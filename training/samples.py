"""The page's sample documents and what a model answers: `python samples.py --model out/cpu/model`.

Writes samples.json into the model's folder: a few paragraphs, a story, a novel's chapters, a ship's log and a town register of
up to 15k tokens, each with questions, and for each whether the model answers it right with the full cache and as the page begins."""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import torch

from batches import example, header_tokens
from dialogues import questions
from documents import Document, Request, document
from facts import LISTS
from fastkv import FULL, Past, is_right, page, read, shared_past
from folders import read_model
from model import Llama
from tokenizer import Tokenizer

# The longest leaves room for some turns within the context.
SAMPLES = [
    ("short", "plain", 200), ("story", "story", 4000), ("novel", "chapters", 4000), ("ship's log", "log", 8000),
    ("town register", "register", 14_000),
]  # fmt: skip
QUESTIONS = 14
"""On each."""
SEED = 2
MIX = {"single": 0.7, "several": 0.1, "two-step": 0.1, "count": 0.05, "absent": 0.05}


@torch.no_grad()
def greedy(model: Llama, prompt: list[int], end: int, past: Past, limit: int = 24) -> list[int]:
    """With the full cache; all after `past` is read anew for every token."""
    device = model.embed_tokens.weight.device
    out: list[int] = []
    while len(out) < limit:
        rows = torch.tensor([*out, end], device=device)
        token = int(read(model, torch.tensor(prompt, device=device), rows, FULL, past=past)[-1].argmax())
        if token == end:
            break
        out.append(token)
    return out


def sample(model: Llama, tokenizer: Tokenizer, name: str, d: Document, r: random.Random) -> dict:
    made = [example(tokenizer, d, turn) for turn in questions(r, d, MIX, QUESTIONS)]
    begins = page(header_tokens(tokenizer))
    past = shared_past(model, [e.prompt for e in made])
    asked = []
    for e in made:
        written = greedy(model, e.prompt, tokenizer.end, past)
        asked.append({
            "question": e.turn.question, "answer": e.turn.answer, "model_full_cache": tokenizer.decode(written),
            "right": [*written, tokenizer.end] == e.answer,
            "right_fastkv": is_right(model, e.prompt, e.answer, begins, past),
        })  # fmt: skip
    return {"name": name, "tokens": len(tokenizer.encode(d.text)), "text": d.text, "questions": asked}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    args = parser.parse_args()
    model = read_model(args.model).eval().to("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = Tokenizer(args.model / "tokenizer.json")
    # The data says "a owl", which is no model to readers.
    for name in ("animal", "job"):
        LISTS[name] = [word for word in LISTS[name] if word[0] not in "aeiou"]
    out = []
    for name, style, tokens in SAMPLES:
        r = random.Random(f"sample-{SEED}-{name}")
        share = (0.5, 0.6) if tokens < 1000 else (0.1, 0.3)
        d = document(r, Request(tokens, share, (style,), linked=0.5))
        out.append(sample(model, tokenizer, name, d, r))
        asked = out[-1]["questions"]
        right, begins = (sum(q[key] for q in asked) for key in ("right", "right_fastkv"))
        print(f"{name}: {out[-1]['tokens']} tokens, {right} right in full, {begins} as the page begins, of {len(asked)}")
    (args.model / "samples.json").write_text(json.dumps(out, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
