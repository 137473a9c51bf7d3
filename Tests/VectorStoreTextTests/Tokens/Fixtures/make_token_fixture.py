"""Writes made.tiktoken and tokens.json beside this script: texts and the tokens that tiktoken makes
of them, by cl100k_base and by a small vocabulary made here, which the project may carry.

    pip install tiktoken==0.14.0
    TIKTOKEN_CACHE_DIR=DIR python3 make_token_fixture.py

DIR holds cl100k_base's file under its cache name, or takes the download. All texts are this
project's own. The made vocabulary has tokens that no piece of a text may hold, such as "e t": a wrong
cut between pieces shows in the tokens.

tokens.json: {"letters": N, "numbers": N, "cases": [{"name", "text", "times", "end", "made",
"cl100k"}]}. The text of a case is `text` repeated `times` times and `end`; `made` and `cl100k` are
the tokens by each vocabulary, or of more than 150 {"count", "hash"}: FNV-1a of 64 bits over the ids.
The case "ranges" has an empty text: the reader makes it from its own table, as `ranges()` does here.
"""

import base64
import collections
import json
import pathlib

import tiktoken

PROSE = """\
The store never mixes spaces: every vector knows which model made it, and what it isn't sure of it
doesn't say. It's cheap, it'll wait, they've tried, I'd rather not, you're right, I'm done.
Der Speicher mischt nie: „Größe“ und Maß bleiben, was sie sind, und 1536 Zahlen sind 1536 Zahlen.
Le texte naïf coûte 0,02 $ par million ; ça va déjà mieux qu'hier, n'est-ce pas ?
Хранилище не смешивает пространства: каждый вектор знает свою модель.
文本先切成块，再变成向量。每个向量都记得它的模型，价格是三元五角。
ベクトルは混ざりません。テキストは小さく切られて、すぐに見つかります。
벡터는 섞이지 않습니다. 문서를 넣고 물어보세요.
เวกเตอร์ไม่ปนกัน ข้อความถูกตัดเป็นชิ้น
func add(_ texts: [String]) async throws -> Report {\r\n\treturn try await router.embed(texts)\r\n}
for (int i = 0; i < n; ++i) { sum += a[i] * b[i]; }  // 1234567 == 0x12D687
https://example.org/path?query=vector%20store&limit=10#results  <user@example.org>
"""

WHITE_SPACE = (
    [chr(c) for c in (*range(0x09, 0x0E), 0x20, 0x85, 0xA0, 0x1680)]
    + [chr(c) for c in range(0x2000, 0x200B)]
    + [chr(c) for c in (0x2028, 0x2029, 0x202F, 0x205F, 0x3000)])

CASES = [
    ("empty", ""),
    ("prose", PROSE),
    ("contractions", "it's IT'S 'S 's'S don't DON'T we'll WE'LL we'Ll they've You'Re I'm I'D x'd 'tis"),
    ("contractions of letters that fold", "it'\u017f IT'\u017fo 'K'k '\u212a' 'ſt"),
    ("apostrophes that are none", "'l 'v 'r 'lx 've're'll ''s '' ' 's' rock 'n' roll ’s ’ll O'Neill l'eau"),
    ("apostrophe at the end", "the dogs'"),
    ("half a contraction at the end", "we'l"),
    ("digits", "1 12 123 1234 12345 123456 1234567 3.14159 1e-9 0xFF 2024-01-02T03:04:05Z v1.2.3 ½¾ x²"),
    ("digits of many scripts", "٠١٢٣٤ ०१२३४५ ๐๑๒๓ 〇 一二三 Ⅷ ⅷ ①②③④ 𝟘𝟙𝟚𝟛 ౦౧౨ ꘠꘡ 𐒠𐒡 ႐႑ ²³¹ ₀₁₂₃"),
    ("mixed scripts", "abc абв γδε אבג ابت कखग กขค 中文字 かな カナ 한글 ქარ հայ ትግር ᚠᚢᚦ 𐌰𐌱 𝒜𝒷 ａｂｃ"),
    ("emoji", "😀😁 👩‍👩‍👧‍👦 👍🏽 🇩🇪🇫🇷 1️⃣2️⃣ ❤️ ☺︎ 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🫠a🫠 🤷🏻‍♀️!"),
    ("combining marks", "é e\u0301 n\u0303 q\u0307\u0323 \u0301 \u0301a a\u0301\u0301\u0301b ệ e\u0323\u0302 नि ि กำ ่"),
    ("line ends", "a\nb\r\nc\rd\n\ne\r\n\r\nf\n\r\n\rg\n \nh \n i\t\n\tj\r \n\r\n"),
    ("punctuation before line ends", "end.\n\nnext!\r\n\r\n?\n?!\n \n...\n\n\n-\r-"),
    ("tabs", "\ta\t\tb\t \tc \t d\t\t\t\n\te\t"),
    ("blanks before words", " a  b   c    d     e\n  f\n    g\n        h"),
    ("blanks before digits and signs", " 1  2   3  !   ?  'x   's  (a)  _b"),
    ("blanks at the end", "a   "),
    ("line ends at the end", "a \n\n  "),
    ("only blanks", "     "),
    ("only line ends", "\n\n\n\n"),
    ("one blank", " "),
    ("signs", "!@#$%^&*()_+-=[]{}|;':\",./<>?`~ §¶†‡•…‰€£¥©®™ «» “” ‘’ — – ‐ · ¿¡"),
    ("sign before letters", "(a [b {c <d #e @f $g %h ^i &j *k -l _m =n +o ~p `q |r \\s /t .u ,v :w ;x !y ?z"),
    ("words of signs between letters", "snake_case kebab-case camelCase a.b.c a::b a->b a==b a!=b //c /*d*/"),
    ("controls", "a\x00b\x01c\x1b[0md\x7fe\x80f\x9fg \x00 \x1c\x1d\x1e\x1f"),
    ("no white space after all", "a\u200bb\u2060c\ufeffd\u180ee \u200b \ufeff"),
    ("unassigned and private", "a\u0378b\ue000c\U0010fffdd\U000e0100e\ufffdf\uffffg\U0001ffffh"),
    ("newest letters", "\u1c89\u1c8a \ua7cb\ua7da \U00010d50 \U00031350 \U000323b0 \U0002ebf0 \U00016d40"),
    ("special tokens", "<|endoftext|> <|fim_prefix|><|fim_middle|><|fim_suffix|> <|endofprompt|>x"),
    ("base64", "c3RvcmUgbmV2ZXIgbWl4ZXMgc3BhY2VzOyBldmVyeSB2ZWN0b3Iga25vd3MgaXRzIG1vZGVs=="),
    ("hash", "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    ("escapes", "\\n\\t\\u00e9 %20 &amp; &#x27; \\\\server\\share C:\\temp"),
    ("markdown", "# Title\n\n- one\n- two\n  * three\n\n| a | b |\n| --- | --- |\n\n```swift\nlet x = 1\n```\n"),
]
for space in WHITE_SPACE:
    CASES.append((
        f"white space U+{ord(space):04X}",
        f"a{space}b {space}c{space} d{space}{space}e{space}1{space}!{space}'s\n{space}f{space}\n"
        f"{space}\n{space}{space}g {space} {space}!{space}\u4e2d{space}{space}"))

LONG = [
    ("run of one letter", "a", 3001, ""), ("run of blanks", " ", 1500, "x"),
    ("run of blanks at the end", " ", 1500, ""), ("run of tabs", "\t", 700, "1"),
    ("run of line ends", "\n", 900, "a"), ("run of CRLF", "\r\n", 600, "a"),
    ("run of digits", "7", 1000, ""), ("run of equals signs", "=", 1300, "\n"),
    ("run of dashes", "-", 777, " "), ("run of underscores", "_", 600, "a"),
    ("run of a Chinese letter", "日", 500, ""), ("run of an emoji", "😀", 300, ""),
    ("run of a combining mark", "\u0301", 700, "a"), ("run of NUL", "\0", 600, ""),
    ("words without blanks", "thestoreneverforgets", 100, "."),
    ("capitals in turn", "aB", 700, ""), ("nucleotides", "ACGTTGCAAC", 150, "N"),
    ("Thai without blanks", "เวกเตอร์ไม่ปนกัน", 60, ""), ("Chinese without signs", "向量不会混合在一起", 60, ""),
    ("blanks and line ends", "  \n", 400, " x"), ("apostrophes", "'", 600, "s"),
    ("contractions in a row", "'s", 400, ""), ("blank before each sign", " .", 400, ""),
]


def ranges():
    """The first and last scalar of each range of letters and numbers and those beside them, each
    between two exclamation marks."""
    text = []
    for pattern in (r"\p{L}", r"\p{N}"):
        bounds = []
        for c in scalars(pattern):
            if bounds and bounds[-1] == c - 1:
                bounds[-1] = c
            else:
                bounds += [c, c]
        for first, last in zip(bounds[::2], bounds[1::2]):
            text += [f"!{chr(c)}!\n" for c in (first - 1, first, last, last + 1)
                     if not 0xD800 <= c < 0xE000]
    return "".join(text)


def scalars(pattern):
    """The scalars that a pattern matches: those of which tiktoken makes tokens."""
    encoding = tiktoken.Encoding(
        "bytes", pat_str=pattern, mergeable_ranks={bytes([b]): b for b in range(256)},
        special_tokens={})
    return [c for c in range(0x110000)
            if not 0xD800 <= c < 0xE000 and encoding.encode_ordinary(chr(c))]


def made_vocabulary():
    """The 256 bytes, the signs that tell classes of scalars apart, and the most frequent pairs of
    all texts, across words, as long as they are there three times."""
    tokens = [bytes([b]) for b in range(256)]
    tokens += [b"!" + bytes([b]) for b in range(0xC2, 0xF5)]
    tokens += [bytes([b]) + b"!" for b in range(0x80, 0xC0)]
    text = [bytes([b]) for case in CASES for b in case[1].encode()]
    text += [bytes([b]) for _, part, _, _ in LONG for b in (part * 8).encode()]
    known = set(tokens)
    while True:
        counts = collections.Counter(zip(text, text[1:]))
        (left, right), count = max(counts.items(), key=lambda item: (item[1], item[0]))
        if count < 3:
            return {token: rank for rank, token in enumerate(tokens)}
        merged, index = [], 0
        while index < len(text):
            if text[index:index + 2] == [left, right]:
                merged.append(left + right)
                index += 2
            else:
                merged.append(text[index])
                index += 1
        text = merged
        if left + right not in known:
            known.add(left + right)
            tokens.append(left + right)


def answer(encoding, text):
    tokens = encoding.encode_ordinary(text)
    if len(tokens) <= 150:
        return tokens
    digest = 0xCBF29CE484222325
    for token in tokens:
        digest = (digest ^ token) * 0x100000001B3 % 2 ** 64
    return {"count": len(tokens), "hash": f"{digest:x}"}


def main():
    folder = pathlib.Path(__file__).parent
    cl100k = tiktoken.get_encoding("cl100k_base")
    ranks = made_vocabulary()
    made = tiktoken.Encoding(
        "made", pat_str=cl100k._pat_str, mergeable_ranks=ranks, special_tokens={})
    folder.joinpath("made.tiktoken").write_text("".join(
        f"{base64.b64encode(token).decode()} {rank}\n" for token, rank in ranks.items()))
    cases = [(name, text, 1, "") for name, text in CASES] + LONG
    lines = []
    for name, text, times, end in [*cases, ("ranges", "", 0, "")]:
        whole = ranges() if name == "ranges" else text * times + end
        lines.append(json.dumps({
            "name": name, "text": text, "times": times, "end": end,
            "made": answer(made, whole), "cl100k": answer(cl100k, whole)}))
    folder.joinpath("tokens.json").write_text(
        '{"letters": %d, "numbers": %d, "cases": [\n%s\n]}\n'
        % (len(scalars(r"\p{L}")), len(scalars(r"\p{N}")), ",\n".join(lines)))


main()
