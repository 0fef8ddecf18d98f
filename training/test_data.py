import random
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path

import dialogues
from batches import ASKED, MAX_POSITION, WINDOW, Maker, Shape, examples, gapped_positions
from documents import Document, Novels, Request, document
from facts import KINDS, LISTS, facts
from tokenizer import PIECE, Tokenizer

PROSE = (
    'It was late. "You are—what?" said she; and the clock struck six!\n\nMr. Dombey rose at 7 o\'clock, with his back to\n'
    "the fire -- and said (as he did) nothing. Nobody's coat hung there.\n\n"
)
STYLES = ("plain", "story", "log", "register", "novel", "chapters")


def novels(held_out: bool = False) -> Novels:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "novels.txt"
        path.write_text("".join(f"=== Novel {i} | Nobody\n\n{PROSE.replace('clock', f'clock{i}') * 60}" for i in range(12)))
        return Novels(path, held_out)


TOKENIZER, NOVELS = Tokenizer(), novels()


def documents(count: int, tokens: int = 600):
    for i in range(count):
        r = random.Random(f"test-{i}")
        yield r, document(r, Request(tokens, styles=(STYLES[i % 6],), linked=0.5, narrow=0.5), NOVELS)


class Facts(unittest.TestCase):
    def test_nothing_has_two_values(self):
        told = facts(random.Random("a"), 3000, linked=0.5)
        self.assertEqual(len({(f.entity, f.attribute) for f in told}), 3000)

    def test_linked_people_are_told_of(self):
        told = facts(random.Random("b"), 200, linked=1.0)
        named = {f.value for f in told[:150] if f.about.role}
        self.assertLessEqual(named, {f.entity for f in told})

    def test_forms_name_the_thing_before_the_value(self):
        for form in (form for k in KINDS.values() for a in k.attributes.values() for form in a.facts):
            self.assertLess(form.index("{thing}"), form.index("{value}"), form)

    def test_parts_of_names_are_a_token_each(self):
        whole = [*LISTS["given"], *LISTS["adjective"], *LISTS["noun"], *(w.capitalize() for w in LISTS["adjective"] + LISTS["noun"])]
        self.assertEqual([w for w in whole if len(TOKENIZER.encode(f" {w}")) != 1], [])
        joined = [(a, b) for a in LISTS["stem"] for name in ("family", "town", "model") for b in LISTS[name]]
        otherwise = [a + b for a, b in joined if len(TOKENIZER.encode(f" {a}{b}")) != 2]
        self.assertLess(len(otherwise), len(joined) / 50, otherwise)

    def test_sentences_hold_the_thing_and_the_value(self):
        for f in facts(random.Random("c"), 200):
            self.assertIn(f.entity[1:], f.sentence)
            self.assertEqual(f.sentence[f.at : f.at + len(f.value)], f.value)


class Documents(unittest.TestCase):
    def test_segments_are_encoded_as_the_whole_text_is(self):
        for _, d in documents(20):
            parts = [i for s in d.segments for i in TOKENIZER.encode(s.text)]
            self.assertEqual(parts, TOKENIZER.encode(d.text))

    def test_every_fact_is_told_once_and_in_whole(self):
        for _, d in documents(20):
            self.assertEqual(sorted(s.fact for s in d.segments if s.fact is not None), list(range(len(d.facts))))
            self.assertTrue(all(d.facts[s.fact].sentence in s.text for s in d.segments if s.fact is not None))

    def test_they_are_about_as_long_as_asked(self):
        for _, d in documents(20, 2000):
            self.assertTrue(1500 < len(TOKENIZER.encode(d.text)) < 2500, len(TOKENIZER.encode(d.text)))

    def test_novels_for_evaluation_are_not_trained_on(self):
        self.assertNotIn("clock11", NOVELS.text)
        self.assertIn("clock11", novels(held_out=True).text)
        self.assertNotIn("clock1 ", novels(held_out=True).text)


class Dialogues(unittest.TestCase):
    def turns(self, kind, tokens=600):
        for r, d in documents(20, tokens):
            for i in range(len(d.facts)):
                if turn := dialogues.MAKERS[kind](r, d, i):
                    yield d, turn

    def test_answers_say_what_the_facts_say_after_a_word_of_their_own(self):
        for kind in ("single", "several", "two-step"):
            count = 0
            for d, turn in self.turns(kind):
                self.assertTrue(turn.copied and set(turn.copied) <= set(turn.evidence))
                for i in turn.copied:
                    f = d.facts[i]
                    self.assertEqual(f.sentence[f.at :].lower().find(f.value.lower()), 0)
                    self.assertIn(f" {f.value}", turn.answer)
                count += 1
            self.assertGreater(count, 20, kind)

    def test_two_steps_do_not_name_whom_they_ask_about(self):
        for d, turn in self.turns("two-step"):
            thing, person = (d.facts[i] for i in turn.evidence)
            self.assertEqual(thing.value, person.entity)
            self.assertNotIn(person.entity, turn.question)

    def test_counts_are_of_sentences_in_the_text(self):
        counted = set()
        for d, turn in self.turns("count", 1500):
            counted.add(turn.answer)
            kind, about, value = next(
                (kind, a, v)
                for kind, k in KINDS.items() for a in k.attributes.values() if a.count
                for v in LISTS[a.value] if a.count.format(value=v) == turn.question
            )  # fmt: skip
            sentences = {form.format(thing=g.entity, value=value) for g in d.facts for form in about.facts if g.kind == kind}
            there = sum(any(s[1:] in segment.text for s in sentences) for segment in d.segments)
            self.assertEqual(turn.answer, dialogues.NUMBERS[there])
        self.assertLessEqual({"None.", "One.", "Two.", "Three."}, counted)

    def test_what_is_absent_is_told_by_no_sentence(self):
        for d, turn in self.turns("absent"):
            answers = [dialogues.single(random.Random(n), d, i).question for i in range(len(d.facts)) for n in range(4)]
            self.assertNotIn(turn.question, answers)

    def test_nothing_is_asked_twice(self):
        for r, d in documents(10):
            asked = [t.question for t in dialogues.questions(r, d, {"single": 1, "chat": 1, "count": 1}, 1000)]
            self.assertEqual(len(asked), len(set(asked)))


class Encoding(unittest.TestCase):
    def test_it_is_hugging_faces(self):
        from tokenizers import Tokenizer as Fast

        fast = Fast.from_file(str(Path(__file__).parent / "tokenizer.json"))
        for _, d in documents(10):
            self.assertEqual(TOKENIZER.encode(d.text), fast.encode(d.text).ids)
        for text in ("naïve ☃\r\n\t 12", "the   people  of \n town"):
            self.assertEqual(TOKENIZER.encode(text), fast.encode(text).ids)

    def test_text_comes_back(self):
        for text in ("", "naïve ☃ 雪\r\n\t", PROSE, PIECE):
            self.assertEqual(TOKENIZER.decode(TOKENIZER.encode(text)), text)

    def test_documents_cannot_write_special_tokens(self):
        self.assertNotIn(TOKENIZER.end, TOKENIZER.encode("<|im_end|>"))


class Batches(unittest.TestCase):
    shape = Shape(step=7, progress=1.0, length=512, sequences=4)

    def test_windows_and_answers_look_at_the_facts_that_are_asked_for(self):
        batch = Maker(TOKENIZER, NOVELS, 1).batch(self.shape)
        look, ends, facts, nowhere = batch.looks["last"], 0, 0, 0
        for b, q in look.spans.any(-1).nonzero().tolist():
            rows, span = look.rows[b, q], look.spans[b, q]
            if span[0]:
                nowhere += 1
                self.assertEqual(int(span.sum()), 1, "the first token of all")
            else:
                facts += 1
                told = TOKENIZER.decode(batch.ids[b, :-1][span].tolist())
                self.assertRegex(told, r"^[^.]*\.$", "a value, to the end of its sentence")
                self.assertLess(int(span.nonzero().max()), int(rows.min()))
            if batch.weights[b, rows[0] - 1] < 1:
                ends += 1
                after = batch.weights[b, int(rows.min()) : int(rows.min()) + WINDOW]
                self.assertTrue((after == 1).any(), "an answer begins within a window of it")
        self.assertTrue(ends > 10 and facts > 10 and nowhere > 0, (ends, facts, nowhere))

    def test_batches_alike_tell_of_two_kinds_of_things_at_most_and_of_whom_those_name(self):
        self.assertEqual({len(Maker(TOKENIZER, None, 1, alike=0).kinds(step)) for step in range(20)}, {len(KINDS)})
        maker = Maker(TOKENIZER, None, 1, alike=1)
        self.assertEqual({len(maker.kinds(step)) for step in range(20)}, {1, 2})
        for step in range(5):
            _, d = maker.dialogue(random.Random(step), Shape(step, 1.0, 512, 4), maker.kinds(step))
            self.assertLessEqual({f.kind for f in d.facts}, {*maker.kinds(step), "person"})

    def test_two_steps_look_at_one_fact_after_the_other(self):
        d = Document([], facts(random.Random(1), 2))
        turn = dialogues.Turn("two-step", "", "", (0, 1), (1,))
        self.assertEqual((turn.first, turn.last), ((0,), (1,)))
        single = dialogues.single(random.Random(1), d, 1)
        self.assertEqual((single.first, single.last), ((1,), (1,)))

    def test_what_an_answer_says_is_looked_at_where_the_document_says_it(self):
        batch = Maker(TOKENIZER, NOVELS, 1).batch(self.shape)
        look, seen, same = batch.looks["copy"], 0, 0
        for b, q in look.spans.any(-1).nonzero().tolist():
            row = int(look.rows[b, q, 0])
            said, told = batch.ids[b, row + 1], batch.ids[b, :-1][look.spans[b, q]]
            same += told.tolist() == [int(said)]
            self.assertIn(TOKENIZER.decode([int(said)]).strip().lower(), TOKENIZER.decode(told.tolist()).lower())
            seen += 1
        self.assertGreater(seen, 40)
        self.assertGreater(same, 0.9 * seen, "most are the very token")

    def test_answers_of_more_questions_look_and_again_at_the_same(self):
        few, many = (Maker(TOKENIZER, NOVELS, 1, copies=n, again=n > 16).batch(self.shape) for n in (16, 64))
        self.assertNotIn("again", few.looks)
        self.assertIs(many.looks["again"], many.looks["last"])
        counts = [int(batch.looks["copy"].spans.any(-1).sum()) for batch in (few, many)]
        self.assertGreater(counts[1], 1.5 * counts[0])

    def test_copying_again_looks_where_copying_does(self):
        looks = Maker(TOKENIZER, NOVELS, 1, copy_again=True).batch(self.shape).looks
        self.assertIs(looks["copy again"], looks["copy"])

    def test_facts_and_questions_go_on_beyond_t_and_of_other_prose_a_share(self):
        maker, shape = Maker(TOKENIZER, NOVELS, 1, select=True), Shape(0, 1.0, 2048, 1)
        self.assertIsNone(Maker(TOKENIZER, NOVELS, 1).batch(shape).going_on)
        shares = set()
        for step in range(4):
            made = maker.sequence(replace(shape, step=step), 0, tuple(KINDS))
            on, (start, end) = set(made.going_on.tolist()), made.made.read
            facts = {i for stretch in made.made.facts.values() for i in range(*stretch)}
            self.assertTrue(facts and facts < set(range(start, end)))
            self.assertLessEqual((facts | set(range(start)) | set(range(end, 2048))) & set(range(2048)), on)
            prose = set(range(start, end)) - facts
            shares.add(round(len(prose & on) / len(prose), 2))
        self.assertGreater(len(shares), 2, shares)

    def test_a_batch_of_several_sequences_is_read_whole(self):
        several = Shape(0, 1.0, 1024, 4)
        usual, among_long = (Maker(TOKENIZER, NOVELS, 1, select=select).batch(several) for select in (False, True))
        self.assertIsNone(among_long.going_on)
        self.assertTrue(usual.ids.equal(among_long.ids))

    def test_more_is_asked_in_two_steps_where_that_is_wanted(self):
        few, many = (Maker(TOKENIZER, NOVELS, 1, others=3, two_steps=wanted) for wanted in (False, True))
        shares = []
        for maker in (few, many):
            kinds = [t.kind for step in range(6) for _, t in maker.sequence(Shape(step, 1.0, 1024, 4), 0, tuple(KINDS)).made.prompts]
            shares.append(kinds.count("two-step") / len(kinds))
        self.assertLess(shares[0], 0.05, "most facts are on what no other fact names")
        self.assertGreater(shares[1], 0.1)

    def test_answers_weigh_one_and_all_else_little(self):
        batch = Maker(TOKENIZER, NOVELS, 1).batch(self.shape)
        answer = batch.weights[0] == 1
        self.assertTrue(0.02 < answer.float().mean() < 0.4)
        self.assertEqual(set(batch.weights.unique().tolist()), {batch.weights.min().item(), 1.0})

    def test_what_is_read_with_fastkv_is_asked_alone_on_documents_of_the_batchs_kinds(self):
        maker = Maker(TOKENIZER, NOVELS, 1, alike=1, others=30)
        others = 0
        for step in range(6):
            asked = maker.asked(step, 768)
            self.assertEqual(len(asked), ASKED)
            self.assertTrue(all(500 < len(e.prompt) < 1000 and e.prompt.count(TOKENIZER.start) == 3 for e in asked))
            self.assertLessEqual({f.kind for e in asked for f in e.document.facts}, {*maker.kinds(step), "person"})
            others += sum(e.turn.kind != "single" for e in asked)
        self.assertGreater(others, 30, "23 at their usual weight")

    def test_they_depend_on_seed_and_step_alone(self):
        one, same = (Maker(TOKENIZER, NOVELS, 1).batch(self.shape) for _ in range(2))
        other = Maker(TOKENIZER, NOVELS, 2).batch(self.shape)
        self.assertTrue(one.ids.equal(same.ids) and one.positions.equal(same.positions))
        self.assertTrue(all(one.looks[n].rows.equal(same.looks[n].rows) for n in one.looks))
        self.assertFalse(one.ids.equal(other.ids))

    def test_positions_ascend_and_reach_far(self):
        made = [gapped_positions(random.Random(i), 300) for i in range(200)]
        self.assertTrue(all((p[1:] > p[:-1]).all() and p[-1] < MAX_POSITION for p in made))
        self.assertGreater(max(p[-1] for p in made), 12_000)
        self.assertTrue(any(p[-1] == 299 for p in made))

    def test_examples_of_other_seeds_share_no_document(self):
        first, second = ({e.document.text for e in examples(TOKENIZER, None, f"evaluate-{s}", 300, 30)} for s in (1, 2))
        self.assertFalse(first & second)

    def test_no_example_goes_past_the_last_position(self):
        made = examples(TOKENIZER, None, "test", MAX_POSITION, 20, per_document=2)
        self.assertLessEqual(max(len(e.prompt) + len(e.answer) for e in made), MAX_POSITION)

    def test_an_example_is_the_pages_prompt(self):
        e = examples(TOKENIZER, None, "test", 300, 1)[0]
        self.assertEqual(
            TOKENIZER.decode(e.prompt),
            f"<|im_start|>system\n{dialogues.SYSTEM}<|im_end|>\n<|im_start|>user\n{e.document.text}\n\n{e.turn.question}<|im_end|>\n"
            "<|im_start|>assistant\n",
        )
        self.assertEqual(TOKENIZER.decode(e.answer), f"{e.turn.answer}<|im_end|>")
        self.assertGreater(len(e.prompt), WINDOW)


if __name__ == "__main__":
    unittest.main()
