"""The byte-level BPE tokenizer: `python tokenizer.py --novels novels.txt.xz` learns it and writes tokenizer.json.

Reading and encoding need nothing but the standard library, so training runs where Hugging Face's package is missing."""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

from dialogues import NOT_THERE, NUMBERS, SMALL_TALK, SYSTEM, questions
from documents import Novels, Request, document

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
PIECE = r"'s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?\d{1,2}| ?[^\sA-Za-z\d]+|\s+(?!\S)|\s+"
HERE = Path(__file__).parent
FILE = HERE / "tokenizer.json"


def byte_letters() -> dict[int, str]:
    """GPT-2's printable letter for every byte."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {b: chr(b) for b in printable}
    others = (b for b in range(256) if b not in letters)
    return letters | {b: chr(256 + n) for n, b in enumerate(others)}


LETTERS = byte_letters()


class Tokenizer:
    def __init__(self, path: Path = FILE) -> None:
        model = json.loads(path.read_text(encoding="utf-8"))["model"]
        self.vocab: dict[str, int] = model["vocab"]
        pairs = [m.split(" ") if isinstance(m, str) else m for m in model["merges"]]
        self.ranks = {(a, b): i for i, (a, b) in enumerate(pairs)}
        self.pieces = re.compile(PIECE)
        self.known: dict[str, list[int]] = {}
        self.texts = {i: s for s, i in self.vocab.items()}
        self.bytes = {letter: b for b, letter in LETTERS.items()}
        self.start, self.end = self.vocab["<|im_start|>"], self.vocab["<|im_end|>"]

    def piece(self, piece: str) -> list[int]:
        if (ids := self.known.get(piece)) is not None:
            return ids
        parts = [LETTERS[b] for b in piece.encode()]
        while len(parts) > 1:
            rank, i = min((self.ranks.get(pair, 1 << 30), i) for i, pair in enumerate(zip(parts, parts[1:])))
            if rank == 1 << 30:
                break
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        ids = [self.vocab[p] for p in parts]
        if len(self.known) < 300_000:
            self.known[piece] = ids
        return ids

    def encode(self, text: str) -> list[int]:
        """Plain text alone: special tokens are put in by id, so that no document can write them."""
        return [i for piece in self.pieces.findall(text) for i in self.piece(piece)]

    def letters(self, ids: list[int]) -> list[tuple[int, int]]:
        """Which letters of a plain ASCII text each of its tokens is."""
        ends = list(accumulate(len(self.texts[i]) for i in ids))
        return list(zip([0, *ends], ends))

    def decode(self, ids: list[int]) -> str:
        out = b""
        for i in ids:
            text = self.texts[i]
            out += text.encode() if text in SPECIAL else bytes(self.bytes[c] for c in text)
        return out.decode(errors="replace")


def texts(novels: Novels, seed: int, count: int) -> Iterator[str]:
    """What the model will read, in about the shares in which it will."""
    r = random.Random(f"tokenizer-{seed}")
    for _ in range(count):
        d = document(r, Request(tokens=400), novels)
        yield d.text
        for turn in questions(r, d, {"single": 1, "count": 0.1, "two-step": 0.2}, 8):
            yield turn.question
            yield turn.answer
    yield from [SYSTEM, NOT_THERE, *NUMBERS, *SMALL_TALK, *SMALL_TALK.values()] * 50
    yield from ["system\n", "user\n", "assistant\n"] * 500


def learn(novels: Novels, size: int, seed: int, count: int) -> str:
    """The whole tokenizer.json."""
    from tokenizers import Regex, Tokenizer as Fast, decoders, models, pre_tokenizers, trainers

    fast = Fast(models.BPE())
    split = pre_tokenizers.Split(Regex(PIECE), "isolated")
    fast.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    fast.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False)
    fast.train_from_iterator(texts(novels, seed, count), trainer)
    return json.dumps(json.loads(fast.to_str()), ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--novels", type=Path, required=True)
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--documents", type=int, default=6000)
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    args.out.write_text(learn(Novels(args.novels), args.size, args.seed, args.documents) + "\n", encoding="utf-8")
    r = random.Random("tokenizer-check")
    text = document(r, Request(tokens=2000)).text
    tokenizer = Tokenizer(args.out)
    assert tokenizer.decode(tokenizer.encode(text)) == text
    print(f"{len(tokenizer.vocab)} tokens; {len(text) / len(tokenizer.encode(text)):.2f} letters a token in generated prose")


if __name__ == "__main__":
    main()
