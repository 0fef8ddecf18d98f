"""Hugging Face folders: config.json and model.safetensors to a model and back. Needs torch alone."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import torch
from torch import Tensor

from model import Config, Llama

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read_tensors(path: Path) -> dict[str, Tensor]:
    """In the dtypes of the file."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    header.pop("__metadata__", None)
    out = {}
    for name, entry in header.items():
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        data = torch.frombuffer(bytearray(raw[start:end]), dtype=DTYPES[entry["dtype"]])
        out[name] = data.view(entry["shape"])
    return out


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    parts, offset = [], 0
    for name, tensor in tensors.items():
        data = tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def read_config(folder: Path) -> Config:
    """Of a plain Llama with tied embeddings: what this folder writes."""
    c = json.loads((folder / "config.json").read_text())
    if c.get("model_type") != "llama" or not c.get("tie_word_embeddings"):
        raise ValueError(f"{folder} is no Llama with tied embeddings")
    hints = folder / "fastkv.json"
    layer = json.loads(hints.read_text())["tsp_layer"] if hints.exists() else c["num_hidden_layers"] // 2 - 1
    return Config(
        layers=c["num_hidden_layers"], dim=c["hidden_size"], heads=c["num_attention_heads"], kv_heads=c["num_key_value_heads"],
        head_dim=c["head_dim"], ffn=c["intermediate_size"], tsp_layer=layer, vocab=c["vocab_size"], theta=c["rope_theta"],
        eps=c["rms_norm_eps"],
    )  # fmt: skip


def read_model(folder: Path) -> Llama:
    """In float32."""
    model = Llama(read_config(folder))
    tensors = read_tensors(folder / "model.safetensors")
    model.load_state_dict({name.removeprefix("model."): t.float() for name, t in tensors.items()})
    return model


def config_json(c: Config, end: int, dtype: str = "float16") -> dict:
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": c.vocab, "hidden_size": c.dim,
        "intermediate_size": c.ffn, "num_hidden_layers": c.layers, "num_attention_heads": c.heads,
        "num_key_value_heads": c.kv_heads, "head_dim": c.head_dim, "hidden_act": "silu", "rms_norm_eps": c.eps,
        "rope_theta": c.theta, "max_position_embeddings": c.max_positions, "tie_word_embeddings": True, "attention_bias": False,
        "mlp_bias": False, "bos_token_id": 0, "eos_token_id": end, "pad_token_id": 0, "torch_dtype": dtype,
    }  # fmt: skip
