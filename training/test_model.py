import argparse
import json
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import torch
from torch import nn

from batches import WINDOW, examples
from evaluate import QUESTION_KINDS, by_setting, error, masses
from export import export
from fastkv import FULL, Settings, best, group_scores, is_right, read, read_each, read_past
from folders import read_model, read_tensors
from model import PRESETS, Llama, Look, deepened, rope_tables
from muon import Muon, orthogonal
from together import read_together
from tokenizer import Tokenizer
from train import Clock, Schedule, Trainer, rate

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "src/engine/models/fixtures/first"
FIRST = FIXTURES / "model"


def positions(count: int) -> torch.Tensor:
    return torch.arange(count)[None]


def tiny() -> Llama:
    torch.manual_seed(0)
    return Llama(PRESETS["tiny"]).eval()


def first_of_equals(x: torch.Tensor, count: int, dim: int) -> SimpleNamespace:
    """`topk` takes any of equals, which pooling makes of neighbours."""
    return SimpleNamespace(indices=x.sort(dim=dim, descending=True, stable=True).indices[..., :count])


class Models(unittest.TestCase):
    @torch.no_grad()
    def test_it_computes_what_transformers_does(self):
        """With the first trained checkpoint, whose logits the engine's fixtures hold."""
        expected = json.loads((FIXTURES / "expected.json").read_text())
        model = read_model(FIRST).eval()
        logits = np.frombuffer((FIXTURES / "logits.bin").read_bytes(), np.float32).reshape(-1, model.config.vocab)
        ids = torch.tensor([expected["prompt"] + expected["continuation"]])
        own = model.logits(model(ids, positions(ids.shape[1]))[0])[0, len(expected["prompt"]) - 1 : -1].numpy()
        self.assertLess(np.abs(own - logits[: len(own)]).max(), 1e-3 * np.ptp(logits))

    def test_the_presets_are_small_and_of_a_shape_that_loads_and_quantises(self):
        for name, c in PRESETS.items():
            with self.subTest(name), torch.device("meta"):
                megabytes = 2 * sum(p.numel() for p in Llama(c).parameters()) / 1e6
                self.assertLessEqual(megabytes, 24)
                self.assertGreaterEqual(c.heads // c.kv_heads, 3)
                self.assertEqual((c.dim % c.heads, c.dim % 32, c.ffn % 32), (0, 0, 0))

    @torch.no_grad()
    def test_a_model_made_deeper_says_the_same_until_it_is_trained(self):
        model, ids = tiny(), torch.arange(40)[None]
        grown = deepened(model, [1, 1, 3])
        self.assertEqual((grown.config.layers, grown.config.tsp_layer), (7, 3))
        self.assertIs(grown.layers[3], model.layers[1])
        self.assertTrue(grown(ids, positions(40))[0].equal(model(ids, positions(40))[0]))
        nn.init.normal_(grown.layers[2].mlp.down_proj.weight)
        self.assertFalse(grown(ids, positions(40))[0].equal(model(ids, positions(40))[0]))

    def test_each_layer_looks_for_one_thing(self):
        self.assertEqual(PRESETS["cpu"].looking, {2: "first", 3: "last", 4: "again", 5: "copy", 6: "copy again"})
        tiny = {0: "first", 1: "last", 2: "copy", 3: "copy again"}
        self.assertEqual(PRESETS["tiny"].looking, tiny, "no layer is left to look again")

    def test_what_goes_on_beyond_t_is_all_that_is_computed_there(self):
        model, ids = tiny(), torch.randint(0, 2048, (1, 40))
        columns, places = torch.tensor([0, 3, 4, 9, 30, 39]), positions(40) * 7
        x, tables = model.embed_tokens(ids), rope_tables(model.config, places)
        for layer in model.layers[: model.config.tsp_layer + 1]:
            x = layer(x, tables)[0]
        x, tables = x[:, columns], rope_tables(model.config, places[:, columns])
        for layer in model.layers[model.config.tsp_layer + 1 :]:
            x = layer(x, tables)[0]
        self.assertTrue(model(ids, places, going_on=columns)[0].allclose(model.norm(x), atol=1e-6))
        self.assertTrue(model(ids, places, going_on=torch.arange(40))[0].equal(model(ids, places)[0]))

    def test_a_look_among_some_columns_is_at_the_same_tokens(self):
        spans = torch.zeros(1, 1, 40, dtype=torch.bool)
        spans[..., 9:31] = True
        part = Look(torch.tensor([[[39, 4]]]), spans).of(torch.tensor([0, 3, 4, 9, 30, 39]))
        self.assertEqual(part.rows.tolist(), [[[5, 2]]])
        self.assertEqual(part.spans.tolist(), [[[False, False, False, True, True, False]]])

    def test_looking_is_measured_as_attention_is(self):
        model, ids = tiny(), torch.arange(40)[None]
        layer = model.layers[0]
        x, tables = model.embed_tokens(ids), rope_tables(model.config, positions(40))
        q, k, _ = layer.self_attn.project(layer.input_layernorm(x), tables)
        spans = torch.zeros(1, 1, 40, dtype=torch.bool)
        spans[..., 5:9] = True
        mass = Look(torch.arange(30, 38)[None, None], spans).masses(q, k)[0, 0]
        scores = (q[0] @ layer.self_attn.repeated(k)[0].mT) * model.config.head_dim**-0.5
        weights = scores.masked_fill(torch.ones(40, 40, dtype=torch.bool).triu(1), float("-inf")).softmax(-1)
        own = weights[:, 30:38, 5:9].sum(-1).mean(-1).view(2, 3).mean(-1)
        self.assertTrue(torch.allclose(mass, own, atol=1e-6))

    def test_a_look_among_many_counts_other_sequences_and_more_of_the_own(self):
        g = torch.Generator().manual_seed(5)
        q, k = torch.randn(2, 6, 40, 16, generator=g), torch.randn(2, 2, 40, 16, generator=g)
        spans = torch.zeros(2, 1, 40, dtype=torch.bool)
        spans[:, :, 5:9] = True
        mass = Look(torch.full((2, 1, 1), 30), spans).masses(q, k, among=320)
        for b in range(2):
            for h in range(6):
                scores = (k[:, h // 3] @ q[b, h, 30] * 16**-0.5).exp()
                told, own = scores[b, 5:9].sum(), scores[b, :31].sum()
                others = 4 * (own - told + scores[1 - b].sum())
                scores_of_head = told / (told + others)
                mass[b, 0, h // 3] -= scores_of_head / 3
        self.assertLess(float(mass.abs().max()), 1e-6)

    def test_training_to_look_moves_the_window(self):
        model, ids = tiny(), torch.arange(64)[None]
        spans = torch.zeros(1, 1, 64, dtype=torch.bool)
        spans[..., 10:14] = True
        look = Look(torch.arange(40, 48)[None, None], spans)
        optimizer = torch.optim.Adam(model.parameters(), 1e-2)
        losses = []
        for _ in range(20):
            losses.append(model(ids, positions(64), {"last": look})[1]["last"])
            losses[-1].backward()
            optimizer.step()
            optimizer.zero_grad()
        self.assertTrue(-1e-3 < losses[-1] < 0.5 * losses[0])  # a mass of 1 gives -1e-6

    @torch.no_grad()
    def test_what_a_token_says_is_what_looking_at_it_alone_brings(self):
        model, x = tiny(), torch.randn(5, 96, generator=torch.Generator().manual_seed(6))
        layer = model.layers[3]
        alone = [layer.self_attn.attend(*layer.self_attn.project(layer.input_layernorm(row), rope_tables(model.config, positions(1))))
                 for row in x[:, None, None]]  # fmt: skip
        told = model.logits(model.norm(torch.cat(alone)))[:, 0]
        self.assertTrue(torch.allclose(model.said(layer, x), told, atol=1e-5))


class FastKV(unittest.TestCase):
    @torch.no_grad()
    def test_it_selects_and_answers_as_the_published_function_does(self):
        model = read_model(FIRST).eval()
        cases = [c for c in json.loads((FIXTURES / "selections.json").read_text()) if c["pooling"] == "max"]
        self.assertEqual(len(cases), 2)
        for case in cases:
            prompt, settings = case["tokens"], Settings(case["retain"], case["tspRate"], case["tspLayer"])
            self.assertTrue(is_right(model, prompt, case["greedy"], settings))
            n, layer = len(prompt), model.layers[0]
            x, tables = model.embed_tokens(torch.tensor([prompt])), rope_tables(model.config, positions(n))
            q, k, _ = layer.self_attn.project(layer.input_layernorm(x), tables)
            scores, theirs = group_scores(q[:, :, -WINDOW:], k, n), torch.tensor(case["keptPositions"][0]).sort().values
            own = best(scores, int(n * settings.retain), n).sort().values
            # Pooled scores tie and which of them is taken is chance, so the sets' scores are compared.
            paid = [scores.gather(1, kept[:, :-WINDOW]).sort().values for kept in (own, theirs)]
            self.assertTrue(torch.allclose(*paid, atol=1e-5))
            self.assertTrue(own[:, -WINDOW:].equal(theirs[:, -WINDOW:]))

    @torch.no_grad()
    def test_keeping_all_is_plain_attention(self):
        model, ids = tiny(), torch.randint(0, 2048, (90,), generator=torch.Generator().manual_seed(1))
        plain = model.logits(model(ids[None], positions(90))[0])[0, 79:-1]
        for settings in (FULL, Settings(1.0, 1.0, 0), Settings(0.999999, 0.999999)):
            own = read(model, ids[:80], ids[80:], settings)
            self.assertTrue(torch.allclose(own, plain, atol=1e-4) == (settings.retain == 1))

    @torch.no_grad()
    def test_the_page_keeps_short_prompts_and_the_first_tokens(self):
        model, prompt, answer = tiny(), torch.arange(200), torch.arange(3)
        whole, paper = read(model, prompt, answer, FULL), read(model, prompt, answer, Settings())
        self.assertFalse(paper.equal(whole))
        self.assertTrue(read(model, prompt, answer, Settings(floor=201)).equal(whole))
        self.assertTrue(read(model, prompt, answer, Settings(floor=200)).equal(paper))
        q, k = torch.randn(1, 6, WINDOW, 16), torch.randn(1, 2, 200, 16)
        kept = best(group_scores(q, k, 200, protect=9), 20, 200)
        self.assertTrue(all(set(range(9)) <= set(head.tolist()) for head in kept))
        self.assertFalse(all(set(range(9)) <= set(head.tolist()) for head in best(group_scores(q, k, 200), 20, 200)))

    @torch.no_grad()
    def test_settings_that_are_read_together_say_what_each_says(self):
        model, prompt, answer = tiny(), torch.arange(200), torch.arange(4)
        for rate in (0.5, 1.0):
            each = [Settings(r, rate) for r in (0.1, 0.3, 1.0)]
            together = read_each(model, prompt, answer, each)
            self.assertGreater(float((together[0] - together[2]).abs().max()), 1e-3)
            for logits, settings in zip(together, each):
                self.assertLess(float((logits - read(model, prompt, answer, settings)).abs().max()), 1e-4)

    @torch.no_grad()
    def test_a_past_that_is_shared_changes_no_answer(self):
        model, ids = tiny(), torch.randint(0, 2048, (150,), generator=torch.Generator().manual_seed(2))
        past = read_past(model, ids[:100])
        for settings in (FULL, Settings(), Settings(0.2, 1.0), Settings(0.1, 0.2, 2)):
            own, shared = (read(model, ids[:140], ids[140:], settings, past=p) for p in (None, past))
            self.assertTrue(torch.allclose(own, shared, atol=1e-4), settings.name)

    @torch.no_grad()
    @patch.object(torch.Tensor, "topk", first_of_equals)
    def test_questions_on_one_document_are_read_together_as_each_is_alone(self):
        model, draw = tiny(), torch.Generator().manual_seed(4)
        document = torch.randint(0, 2048, (137,), generator=draw)
        questions, answers = ([torch.randint(0, 2048, (n,), generator=draw).tolist() for n in lengths]
                              for lengths in ((9, 23, 14), (5, 3, 8)))  # fmt: skip
        for settings in (FULL, Settings(), Settings(0.2, 0.5), Settings(0.1, 1.0), Settings(0.1, 0.2, 2)):
            logits, ids = read_together(model, document, questions, answers, settings)
            alone = [read(model, torch.cat([document, torch.tensor(q)]), torch.tensor(a), settings) for q, a in zip(questions, answers)]
            self.assertEqual(ids.tolist(), sum(answers, []))
            self.assertLess(float((logits - torch.cat(alone)).abs().max()), 1e-4, settings.name)

    def test_it_can_be_trained_through(self):
        model, ids = tiny(), torch.arange(90)
        # The answer's rows alone: the first is the prompt's.
        read(model, ids[:80], ids[80:], Settings(0.2, 0.5))[1:].sum().backward()
        self.assertTrue(all(p.grad.isfinite().all() and p.grad.abs().max() > 0 for p in model.parameters()))


class Optimizing(unittest.TestCase):
    def test_steps_of_matrices_are_nearly_orthogonal(self):
        for rows, columns in ((16, 48), (48, 16)):
            values = torch.linalg.svdvals(orthogonal(torch.randn(3, rows, columns, generator=torch.Generator().manual_seed(3))))
            self.assertTrue(values.min() > 0.3 and values.max() < 1.4, values)

    def test_muon_steps_by_its_rate(self):
        p = torch.nn.Parameter(torch.zeros(8, 8))
        p.grad = torch.randn(8, 8, generator=torch.Generator().manual_seed(4))
        Muon([p], lr=0.1).step()
        self.assertAlmostEqual(float(torch.linalg.matrix_norm(p.detach(), 2)), 0.1, delta=0.04)

    def test_rates_rise_and_fall(self):
        self.assertLess(rate(0, 0.0), 0.05)
        self.assertEqual(rate(1000, 0.3), 1.0)
        self.assertLess(rate(1000, 0.99), 0.05)
        self.assertAlmostEqual(rate(1000, 0.6, decay_from=0.2), 0.5)

    def test_sequences_grow_as_the_clock_goes(self):
        clock = Clock(None, 100_000)
        shapes = list(Schedule(clock, [(0.5, 100, 10), (1.0, 200, 5)], 0, False))
        self.assertEqual([s.length for s in shapes], [100] * 50 + [200] * 50)
        self.assertLess(shapes[0].progress, shapes[50].progress)

    def test_batches_of_short_sequences_come_among_long_ones(self):
        shapes = list(Schedule(Clock(None, 40_960), [(1.0, 4096, 1)], 0, True, short_every=4))
        self.assertEqual([(s.length, s.sequences) for s in shapes], [(4096, 1), (4096, 1), (4096, 1), (1024, 4)] * 2 + [(4096, 1)] * 2)

    def test_what_has_learned_is_asked_everything_at_once(self):
        self.assertEqual({s.progress for s in Schedule(Clock(None, 2000), [(1.0, 100, 10)], 0, True)}, {1.0})


class Runs(unittest.TestCase):
    def arguments(self, out: str, tokens: float, stop_after: int | None = None) -> argparse.Namespace:
        return argparse.Namespace(
            stop_after=stop_after,
            preset="tiny", start=None, novels=None, seed=1, minutes=None, tokens=tokens, out=Path(out), threads=1,
            workers=0, bf16=False, compile=False, compressed_every=2, log_every=1000, eval_every=1000, eval_questions=1, peak=1.0,
            looks=32, rows=2, say=True, alike=0.5, others=2.0, copies=32, again=True, copy_again=True, beyond=False, long=False,
            longer=False, short_every=0, two_steps=False, deepen=[], decay_from=0.5,
        )  # fmt: skip

    def test_a_run_repeats_goes_on_and_is_exported(self):
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
            trainers = [Trainer(self.arguments(out, 8000)) for out in (one, two)]
            for trainer in trainers:
                trainer.train()
            pairs = zip(*(t.model.state_dict().values() for t in trainers))
            self.assertTrue(all(a.equal(b) for a, b in pairs))

            stopped = Trainer(self.arguments(one, 20_000, stop_after=trainers[0].step + 1))
            stopped.train()
            self.assertEqual(stopped.step, trainers[0].step + 1)
            again = Trainer(self.arguments(one, 20_000, stop_after=stopped.step))
            again.train()
            self.assertEqual(again.step, stopped.step)
            other = self.arguments(one, 20_000)
            other.alike = 0.25
            with self.assertRaisesRegex(SystemExit, "another way of training"):
                Trainer(other)
            further = Trainer(self.arguments(one, 14_000))
            self.assertEqual((further.step, further.clock.seen), (stopped.step, stopped.clock.seen))
            further.train()
            self.assertGreater(further.step, stopped.step)

            export(torch.load(further.file, weights_only=True), Path(two))
            self.assertEqual({t.dtype for t in read_tensors(Path(two) / "model.safetensors").values()}, {torch.float16})
            model, own = read_model(Path(two)), further.model.state_dict()
            self.assertTrue(all(t.equal(own[name].half().float()) for name, t in model.state_dict().items()))
            self.assertEqual(model.config.tsp_layer, further.config.tsp_layer)

    def test_the_mean_of_a_run_and_of_what_it_went_on_from_is_exported(self):
        with tempfile.TemporaryDirectory() as out:
            trainer, begun, mean = Trainer(self.arguments(out, 8000)), Path(out) / "begun", Path(out) / "mean"
            trainer.save()
            checkpoint = torch.load(trainer.file, weights_only=True)
            export(checkpoint, begun)
            checkpoint["model"] = {name: 3 * t for name, t in checkpoint["model"].items()}
            export(checkpoint, mean, mean_with=begun)
            of_begun, of_mean = (read_tensors(folder / "model.safetensors") for folder in (begun, mean))
            self.assertTrue(all(torch.allclose(of_mean[name].float(), 2 * t.float(), rtol=2**-10) for name, t in of_begun.items()))
            self.assertIn("the mean of this run's", (mean / "README.md").read_text())

    def changed(self, way: str) -> tuple[set[str], set[str], Trainer]:
        """What one step of this way of training changes, and all that there is."""
        with tempfile.TemporaryDirectory() as out:
            args = self.arguments(out, 20_000, stop_after=1)
            setattr(args, way, True)
            trainer = Trainer(args)
            before = {name: t.clone() for name, t in trainer.model.state_dict().items()}
            trainer.train()
            return {name for name, t in trainer.model.state_dict().items() if not t.equal(before[name])}, set(before), trainer

    def test_beyond_t_alone_is_trained_on_long_documents(self):
        changed, every, trainer = self.changed("beyond")
        tsp = trainer.config.tsp_layer
        self.assertEqual(changed, {n for n in every if n.startswith("norm") or n.startswith("layers") and int(n.split(".")[1]) > tsp})
        self.assertEqual(trainer.clock.seen, 4096)

    def test_all_layers_are_trained_on_long_documents(self):
        for way in ("long", "longer"):
            changed, every, trainer = self.changed(way)
            self.assertEqual(changed, every, way)
            self.assertTrue(trainer.maker.select, way)
            self.assertEqual(trainer.clock.seen, 4096, way)

    def test_evaluating_speaks_of_every_setting_and_layer(self):
        made = examples(Tokenizer(), None, "test", 120, 3)
        figures = by_setting(tiny(), made)
        self.assertEqual(len(figures), 9 + 1 + len(QUESTION_KINDS))
        self.assertIn("r=0.1 t=0.2", figures)
        self.assertEqual(sum(int(str(figures[kind]).split("(")[1][:-1]) for kind in QUESTION_KINDS if figures[kind] != "-"), 3)
        other = examples(Tokenizer(), None, "other", 120, 3)
        self.assertAlmostEqual(error(made[:1] * 3 + other[:1] * 3, [True] * 3 + [False] * 3), (2 * 1.5**2) ** 0.5 / 6)
        self.assertEqual(len(masses(tiny(), made[0])), 4)


if __name__ == "__main__":
    unittest.main()
