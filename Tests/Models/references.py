#!/usr/bin/env python3
"""Makes what tests of local models compare with, by the reference implementations.

    references.py MINILM OUT [TEXTS]

MINILM is the folder of all-MiniLM-L6-v2. Writes into OUT, for TEXTS random Unicode texts (2000):
  bert.jsonl        a line a text: [text, token ids of Hugging Face's tokenizers]
  unigram/          a tokenizer trained here by SentencePiece, with its character map
  unigram.jsonl     as bert.jsonl
  static/           a Model2Vec model with weights and a mapping of tokens to rows
  static.jsonl      a line a text: [text, vector of Model2Vec]
Needs tokenizers, model2vec, sentencepiece, protobuf and numpy.
"""
import json
import os
import random
import sys

import numpy
import sentencepiece
from model2vec import StaticModel
from sentencepiece import sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

minilm, out = sys.argv[1], sys.argv[2]
count = int(sys.argv[3]) if len(sys.argv) > 3 else 2000
os.makedirs(out, exist_ok=True)

BLOCKS = [
    (0, 0x80), (0x80, 0x250), (0x250, 0x370), (0x300, 0x370), (0x370, 0x530), (0x530, 0x900),
    (0x900, 0x1100), (0x1100, 0x1200), (0x1200, 0x2000), (0x1E00, 0x2000), (0x2000, 0x2100),
    (0x2100, 0x2C00), (0x2C00, 0x3000), (0x3000, 0x3400), (0x3400, 0xA000), (0xA000, 0xAC00),
    (0xAC00, 0xD7B0), (0xE000, 0xF900), (0xF900, 0x10000), (0x10000, 0x11000), (0x11000, 0x12000),
    (0x12000, 0x1F000), (0x1F000, 0x20000), (0x20000, 0x30000), (0xE0000, 0xE01F0),
]
SPECIALS = ["[CLS]", "[SEP]", "[UNK]", "[MASK]", "<s>", "</s>", "<mask>", "<unk>", "##ing", "\u2581", " \u2581",
            "\u200d", "\ufe0f"]
SPACES = ["\t", "\n", "  ", "\r\n", "\u00a0", "\u3000", "\u2028", ""]


def texts(pieces, seed):
    dice = random.Random(seed)

    def scalars(least, most):
        first, last = dice.choice(BLOCKS)
        codes = [dice.randrange(first, last) for _ in range(dice.randrange(least, most))]
        return "".join(chr(code) for code in codes if not 0xD800 <= code < 0xE000)

    def part():
        kind = dice.random()
        if kind < 0.35:
            return dice.choice(pieces)
        if kind < 0.6:
            return scalars(1, 6)
        if kind < 0.7:
            return "".join(scalars(1, 2) for _ in range(dice.randrange(1, 5)))
        if kind < 0.75:
            return dice.choice(SPECIALS)
        if kind < 0.8:
            return dice.choice(SPACES)
        if kind < 0.83:
            return "x" * dice.randrange(95, 105)
        return dice.choice(pieces) + dice.choice([".", ",", "!", "\u0301", "\u0308", "-", "'s"])

    def text():
        return "".join(part() + (" " if dice.random() < 0.6 else "") for _ in range(dice.randrange(1, 9)))

    return [text() for _ in range(count)]


def write(name, rows):
    with open(os.path.join(out, name), "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row) + "\n")


def write_tokens(name, tokenizer, pieces, seed):
    made = texts(pieces, seed)
    encodings = []
    for first in range(0, len(made), 2000):
        encodings += tokenizer.encode_batch_fast(made[first:first + 2000], add_special_tokens=False)
    write(name, [[text, encoding.ids] for text, encoding in zip(made, encodings)])


bert = Tokenizer.from_file(os.path.join(minilm, "tokenizer.json"))
bert.no_truncation()
bert.no_padding()
pieces = [piece.replace("##", "") for piece in sorted(bert.get_vocab())]
write_tokens("bert.jsonl", bert, pieces, 1)

# XLM-R's tokenizer in small: SentencePiece's Unigram with its nmt_nfkc character map.
corpus = os.path.join(out, "corpus.txt")
dice = random.Random(2)
with open(corpus, "w", encoding="utf-8") as file:
    for _ in range(4000):
        file.write(" ".join(dice.choice(pieces) for _ in range(12)) + "\n")
sentencepiece.SentencePieceTrainer.train(
    input=corpus, model_prefix=os.path.join(out, "unigram"), vocab_size=3000, model_type="unigram",
    character_coverage=0.99, minloglevel=2)
proto = sentencepiece_model_pb2.ModelProto()
with open(os.path.join(out, "unigram.model"), "rb") as file:
    proto.ParseFromString(file.read())
vocabulary = [(piece.piece, piece.score) for piece in proto.pieces]
unigram = Tokenizer(models.Unigram(vocabulary, unk_id=0))
unigram.normalizer = normalizers.Sequence([
    normalizers.Precompiled(proto.normalizer_spec.precompiled_charsmap),
    normalizers.Replace(Regex(" {2,}"), " "),
])
unigram.pre_tokenizer = pre_tokenizers.Sequence([
    pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
unigram.decoder = decoders.Metaspace()
unigram.add_special_tokens(["<s>", "</s>"])
unigram.post_processor = processors.TemplateProcessing(
    single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
os.makedirs(os.path.join(out, "unigram"), exist_ok=True)
unigram.save(os.path.join(out, "unigram", "tokenizer.json"))
write_tokens("unigram.jsonl", unigram, [piece.replace("\u2581", "") for piece, _ in vocabulary], 3)

# A static model with all that Model2Vec knows: weights, and fewer rows than tokens.
generator = numpy.random.default_rng(4)
rows = 5000
model = StaticModel(
    vectors=generator.standard_normal((rows, 96)).astype(numpy.float32), tokenizer=bert,
    config={}, normalize=True, weights=generator.random(bert.get_vocab_size()).astype(numpy.float32) + 0.1,
    token_mapping=generator.integers(0, rows, bert.get_vocab_size()))
model.save_pretrained(os.path.join(out, "static"))
made = [text for text in texts(pieces, 5)[:200] if bert.encode(text, add_special_tokens=False).ids]
vectors = model.encode(made, max_length=None)
write("static.jsonl", [[text, [float(number) for number in vector]] for text, vector in zip(made, vectors)
                       if numpy.any(vector)])
