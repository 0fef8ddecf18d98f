"""A checkpoint as the Hugging Face folder that the page loads: `python export.py --checkpoint out/cpu --out out/cpu/model`."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import torch

from dialogues import SYSTEM
from folders import config_json, read_tensors, write_tensors
from model import Config, Llama
from tokenizer import FILE, Tokenizer

TEMPLATE = (
    "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system\n"
    + SYSTEM
    + "<|im_end|>\n{% endif %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CARD = """---
license: apache-2.0
language: en
tags: [fastkv, question-answering, tiny]
---

# FastKV Chat's demo model

A Llama of {million:.1f} M parameters (L {c.layers}, H {c.heads}, G {c.kv_heads}, D {c.head_dim}, C {c.dim}, F {c.ffn},
V {c.vocab}, tied embeddings, context {c.max_positions}), made to show what FastKV does to long documents. It answers short
questions about invented facts from the document that they are asked about, and knows nothing of the world.

## Use

The first user message holds the document, an empty line, and the question; later ones the question alone. Decode greedily. Of FastKV's
settings T = {c.tsp_layer} (`fastkv.json`): its last eight tokens before an answer are trained to look at the right fact in this layer.

## Data

Documents of invented facts, made anew for every sequence (`training/documents.py`, `training/dialogues.py` of FastKV Chat), planted in
{prose}. Names, codes and years are put together anew, so answers come from the document alone. Questions
are on a single fact, on two facts, in two steps, counting to six, and on what the document does not say. In most sequences
positions jump ahead, so that positions up to 16k are seen.{novels}

## Training

`training/train.py`, {start}{tokens:.1f} M tokens in {minutes:.0f} minutes, seed {seed}; Muon and Adam. Where attention looks
is trained beside what is said: from the window before an answer in T - 1 and T at the fact, and from the answer half-way from T
to the end at the token to be said next, against as many others as 16k tokens hold. What a token brings to one that looks at it
there is trained to be that token. Six batches in ten tell of one or two kinds of things, so that names alone tell facts apart.{more}

## Limits

It knows the words of `training/words.json` and little else: other questions, other languages and instructions are answered badly, and
often with something that the document does say. English alone. Nothing that it says is true outside of its document.

## Licence

Weights, tokenizer and generated data: apache-2.0.
"""

MEAN = "\nThese weights are the mean of this run's and of those that it went on from."

NOVELS = """ The novels
are those of ELTeC-eng 1.0.1 (doi 10.5281/zenodo.4662490), in the public domain; ten of them are held out."""

ALSO = {
    "again": "The layer before the one that looks at the token to be said next looks at the fact once more.",
    "copy_again": "The layer after the one that looks at the token to be said next looks at it again.",
    "beyond": """In this last part the layers up to T were left as they were, and those beyond read documents of up to 7,000 tokens: all facts and
questions, and of the other prose a share.""",
    "long": "In this last part documents were of up to 5,500 tokens: of their prose a share went on beyond T.",
    "longer": """In this last part documents were of up to 3,600 tokens, in its second half of up to 7,300: of their prose a share went on
beyond T.""",
    "short_every": "Batches of documents of up to 800 tokens came among these.",
    "two_steps": "One question in seven was in two steps.",
    "compressed_every": "In part of the steps answers are also read from what FastKV leaves of a document.",
}
"""What else the card says of training, by the setting of a run that it is true of."""


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def tokenizer_config(max_length: int) -> dict:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": None, "eos_token": "<|im_end|>", "pad_token": "<|endoftext|>",
        "unk_token": None, "model_max_length": max_length, "clean_up_tokenization_spaces": False, "chat_template": TEMPLATE,
    }  # fmt: skip


def export(
    checkpoint: dict, out: Path, tokenizer_file: Path = FILE, figures: Path | None = None, mean_with: Path | None = None
) -> None:
    """`checkpoint` as train.py saves it; weights are rounded to 16 bits.

    With `mean_with`, the exported folder that training began with, they are the mean of its weights and these, rounded again."""
    config = Config(**checkpoint["config"])
    model = Llama(config)
    model.load_state_dict(checkpoint["model"])
    out.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{name}": t.half() for name, t in model.state_dict().items()}
    if mean_with:
        begun = read_tensors(mean_with / "model.safetensors")
        tensors = {name: ((t.float() + begun[name].float()) / 2).half() for name, t in tensors.items()}
    write_tensors(out / "model.safetensors", tensors)
    end = Tokenizer(tokenizer_file).end
    write_json(out / "config.json", config_json(config, end))
    write_json(out / "generation_config.json", {"eos_token_id": end, "pad_token_id": 0, "do_sample": False, "max_new_tokens": 64})
    write_json(out / "tokenizer_config.json", tokenizer_config(config.max_positions))
    write_json(out / "fastkv.json", {"tsp_layer": config.tsp_layer})
    shutil.copyfile(tokenizer_file, out / "tokenizer.json")
    count = sum(p.numel() for p in model.parameters())
    way = checkpoint["way"]
    card = CARD.format(
        million=count / 1e6, c=config, tokens=checkpoint["seen"] / 1e6, minutes=checkpoint["seconds"] / 60, seed=way["seed"],
        start="on from another run's weights: " if way["further"] else "from scratch: ",
        prose="generated prose and in novels" if way["novels"] else "generated prose", novels=NOVELS if way["novels"] else "",
        more="".join(f"\n{text}" for name, text in ALSO.items() if way[name]) + (MEAN if mean_with else ""),
    )  # fmt: skip
    (out / "README.md").write_text(card + (f"\n## Figures\n\n{figures.read_text(encoding='utf-8')}" if figures else ""), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True, help="train.py's --out")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, default=FILE, help="that of the folder that training began with, if it did")
    parser.add_argument("--figures", type=Path, help="Markdown to end the model card with")
    parser.add_argument("--mean-with", type=Path, help="the folder that training began with, if the mean of both is meant")
    args = parser.parse_args()
    checkpoint = torch.load(args.checkpoint / "checkpoint.pt", map_location="cpu", weights_only=True)
    export(checkpoint, args.out, args.tokenizer, args.figures, args.mean_with)
    print(f"{args.out}: {(args.out / 'model.safetensors').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
