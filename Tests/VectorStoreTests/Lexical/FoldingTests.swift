import Testing

@testable import VectorStore

/// How words are written, and how they are found: a case of every kind.
struct FoldingTests {
  @Test(arguments: [
    // Case, accents, ligatures, width, sub- and superscripts.
    ("ÉCOLE", "ecole"), ("e\u{301}cole", "ecole"), ("Größe", "grosse"), ("ﬂow", "flow"),
    ("ＡＢＣ１", "abc1"), ("H₂O", "h2o"), ("m²", "m2"), ("Ǆ", "dz"), ("𝐀𝐛", "ab"),
    // Letters that no decomposition folds.
    ("Łódź", "lodz"), ("Ørsted", "orsted"), ("Đà", "da"), ("ISTANBUL", "istanbul"),
    ("İzmir", "izmir"), ("ılık", "ilik"), ("Æsir", "aesir"), ("Œuvre", "oeuvre"),
    ("Þór", "thor"), ("STRAẞE", "strasse"),
    // Greek: tonos, dialytika, final sigma, the old accents.
    ("λόγος", "λογοσ"), ("ΛΌΓΟΣ", "λογοσ"), ("ᾠδή", "ωδη"), ("Μαΐου", "μαιου"),
    // Cyrillic: ё is е, й stays another letter than и, however it is written.
    ("Ёлка", "елка"), ("йод", "йод"), ("и\u{306}од", "йод"), ("за\u{301}мок", "замок"),
    ("Київ", "київ"),
    // Hebrew points, Arabic marks, tatweel, carriers of hamza, forms of presentation, digits.
    ("שָׁלוֹם", "שלום"), ("أَحْمَد", "احمد"), ("كتـــاب", "كتاب"), ("مسؤول", "مسوول"),
    ("ﻛﺘﺎﺏ", "كتاب"), ("مدرسة", "مدرسه"), ("على", "علي"), ("ایران", "ايران"),
    ("١٩٤٥", "1945"), ("۱۹۴۵", "1945"), ("१९४५", "1945"),
    // What is not seen: soft hyphens, joiners, marks of direction and of drawing.
    ("Wert\u{AD}papier", "wertpapier"), ("می\u{200C}خواهم", "ميخواهم"), ("a\u{200E}b", "ab"),
    // Marks that are vowels stay.
    ("कि", "कि"), ("ที่", "ที่"),
    // Kana of half width, voiced by a mark; Hangul in letters; Han of compatibility.
    ("ｶﾅ", "カナ"), ("か\u{3099}", "が"), ("ｶﾞ", "ガ"), ("\u{1112}\u{1161}\u{11AB}", "한"),
    ("\u{F900}", "豈"),
  ])
  func folds(text: String, expected: String) {
    #expect(Folding.fold(text) == expected)
  }

  @Test(arguments: [
    ("plain words stay", "plain words stay"),
    ("Größe – naïve “quotes”", "grosse naive quotes"),
    ("黑豹队", "黑豹 豹队"),
    ("NFL的黑豹队!", "nfl 的黑 黑豹 豹队"),
    ("在 24 次拦截", "在 24 次拦 拦截"),
    ("水", "水"),
    ("第3章。", "第 3 章"),
    ("カタカナー・ひら", "カタ タカ カナ ナー ひら"),
    ("한국어 text", "한국 국어 text"),
    ("ที่นั่น", "ที่นั่ นั่น"),
    ("", ""),
    ("nul\0byte", "nul byte"),
    ("I ❤\u{FE0F}love 1\u{FE0F}", "i ❤ love 1"),
    ("葛\u{E0100}城市", "葛城 城市"),
    ("𠮷野家", "𠮷野 野家"),
    // Names in code, whole and by parts.
    ("getUserProfileById()", "getuserprofilebyid get user profile by id"),
    ("HTTPServer2", "httpserver2 http server 2"),
    ("snake_case and __init__", "snakecase snake case and init"),
    ("e-mail, UTF-8", "email e mail utf8 utf 8"),
    ("MAX_SIZE x86_64", "maxsize max size x8664 x 86 64"),
    ("a1b2c3d4e5f6", "a1b2c3d4e5f6"),
    // Broken at the end of a line; not before a capital, nor a dash.
    ("infor-\nmation", "information infor mation"),
    ("infor-\r\n  mation", "information infor mation"),
    ("Mr. X-\nParis", "mr x paris"), ("a - b", "a b"), ("- item", "item"),
    // Signs that belong to a word, and signs that are one.
    ("C++ and C#", "c++ c and c# c"), (".NET", ".net net"), ("see @name", "see @name name"),
    ("a@b.org", "a b org"), ("i++;", "i++ i"), ("1+1", "1 1"),
    ("see 🎉 and → €5", "see 🎉 and → € 5"),
    ("👍🏽", "👍"), ("#tag, $var", "#tag tag $var var"), ("end.", "end"),
    // HTML.
    ("caf&eacute; &amp; S&uuml;&szlig;es", "cafe susses"), ("caf&#233;", "cafe"),
    ("Wert&shy;papier&nbsp;A", "wertpapier a"), ("a &bogus b & c;", "a bogus b c"),
  ])
  func takesTextsApart(text: String, expected: String) {
    #expect(IndexedText.make(from: text) == expected)
  }

  @Test(arguments: [
    ("Wertpapier", "Wert\u{AD}papier"), ("workflow", "work\u{FB02}ow"), ("ABC", "ＡＢＣ"),
    ("カナ", "ｶﾅ"), ("елка", "ёлка"), ("λογος", "λόγος"), ("שלום", "שָׁלוֹם"),
    ("احمد", "أحمد"), ("كتاب", "كتـــاب"), ("H2O", "H₂O"), ("Mueller", "Müller"),
    ("Müller", "Mueller"), ("Schroeder", "Schröder"), ("information", "infor-\nmation"),
    ("user profile", "func getUserProfileById()"), ("getUserProfileById", "getUserProfileById"),
    ("get_user_profile", "getUserProfile"), ("http server", "HTTPServer2"), ("C#", "in C# now"),
    ("C++", "C++ templates"), (".NET", "the .NET runtime"), ("@name", "ask @name"), ("🎉", "a 🎉"),
    ("café", "caf&eacute;"), ("email", "an e-mail"), ("utf8", "as UTF-8"), ("Straße", "STRASSE"),
    ("防", "黑豹队的防守"), ("队的防", "黑豹队的防守"), ("run", "Running"), ("\"C#\"", "C# is"),
  ])
  func findsEachSpellingByTheOther(question: String, text: String) throws {
    let index = try LexicalIndex()
    try index.add([(1, text), (2, "C, plain and unrelated")])
    #expect(try index.search(question) == [1])
    #expect(!LexicalQuery(question).matches(in: text).isEmpty)
  }

  @Test func rangesAreThoseOfTheText() {
    for seed in UInt64(0)..<300 {
      let text = RandomText.make(seed: seed)
      let bytes = Array(text.utf8)
      var last = 0
      for word in WordScanner.words(of: text) {
        #expect(!word.folded.isEmpty && !word.folded.contains(0x20), "seed \(seed)")
        #expect(word.range.lowerBound >= 0 && word.range.upperBound <= bytes.count, "seed \(seed)")
        #expect(word.range.lowerBound < word.range.upperBound, "seed \(seed): \(word.text)")
        #expect(word.range.lowerBound >= last, "seed \(seed): \(word.text)")
        last = word.range.lowerBound
        let slice = String(decoding: bytes[word.range], as: UTF8.self)
        #expect(!slice.contains("\u{FFFD}"), "seed \(seed): \(slice)")
      }
    }
  }
}
