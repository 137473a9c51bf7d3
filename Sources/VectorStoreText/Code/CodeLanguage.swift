// The languages of source code: what is a comment or a text in each, and which words declare a name.

/// How a language is written, as far as one must know to find its declarations.
struct CodeLanguage: Sendable {
  /// What tells where a declaration ends.
  enum Nesting: Sendable {
    /// Braces.
    case braces
    /// The next line that stands as far left.
    case indentation
    /// A semicolon.
    case statements
  }

  /// A text or a comment that may go over several lines, or a text within one.
  struct Literal: Sendable {
    var open: [UInt8]
    var close: [UInt8]
    /// Whether a backslash takes its meaning from the byte after it.
    var escapes = true
    var spansLines = false
    /// Whether another one may open within it.
    var nests = false
    var isComment = false

    init(_ open: String, _ close: String) {
      self.open = Array(open.utf8)
      self.close = Array(close.utf8)
    }

    /// A comment.
    static func comment(_ open: String, _ close: String, nests: Bool = false) -> Literal {
      var literal = Literal(open, close)
      (literal.escapes, literal.spansLines, literal.isComment) = (false, true, true)
      literal.nests = nests
      return literal
    }

    /// A text of one line.
    static func text(_ mark: String) -> Literal { Literal(mark, mark) }

    /// A text of several lines.
    static func long(_ open: String, _ close: String? = nil, escapes: Bool = true) -> Literal {
      var literal = Literal(open, close ?? open)
      (literal.escapes, literal.spansLines) = (escapes, true)
      return literal
    }
  }

  /// What else a language has.
  struct Features: OptionSet, Sendable {
    let rawValue: Int
    /// A line break ends a statement.
    static let lineStatements = Features(rawValue: 1)
    /// `'x'` is one character, and other apostrophes are none of a text.
    static let characters = Features(rawValue: 2)
    /// `/…/` is a pattern where no division can be.
    static let patterns = Features(rawValue: 4)
    /// `#if`, `#define`: lines for the preprocessor.
    static let directives = Features(rawValue: 8)
    /// `name(…) {` defines a function: everywhere but in functions.
    static let bareFunctions = Features(rawValue: 16)
    /// The same, but only as members of a type.
    static let bareMethods = Features(rawValue: 32)
    /// `Name Name {` in a type defines a property.
    static let bareProperties = Features(rawValue: 64)
    /// `<<END` begins a text that ends at a line `END`.
    static let hereDocuments = Features(rawValue: 128)
    /// `#"…"#`, `r#"…"#`, `R"x(…)x"`: texts with marks of one's own.
    static let rawTexts = Features(rawValue: 256)
    /// Brackets do not come in pairs, and a comment stands only at the beginning of a word.
    static let shell = Features(rawValue: 512)
    /// A function may begin with the keyword of a type, as `struct x *find(int y) {`.
    static let typesInSignatures = Features(rawValue: 1024)
    /// Functions are named by signs too, as `func == (`.
    static let operatorNames = Features(rawValue: 2048)
    /// A function's keyword is its statement's first word, and a method's receiver stands after it.
    static let receivers = Features(rawValue: 4096)
    /// Code begins with `<?php`.
    static let tags = Features(rawValue: 8192)
  }

  var nesting = Nesting.braces
  var lineComments: [[UInt8]]
  /// The longest marks first.
  var literals: [Literal]
  /// The words before the name of what holds declarations.
  var containers: Set<String>
  /// The words before any other name that is declared.
  var declarations: Set<String>
  /// The words before a value, which is named only outside functions.
  var values: Set<String> = []
  /// Declarations without a name.
  var nameless: Set<String> = []
  var features: Features

  private init(
    comments: String = "//", _ literals: [Literal], containers: String = "", _ declarations: String,
    values: String = "", nameless: String = "", _ features: Features = []
  ) {
    lineComments = comments.split(separator: " ").map { Array($0.utf8) }
    self.literals = literals.sorted { $0.open.count > $1.open.count }
    self.containers = Self.words(containers)
    self.declarations = Self.words(declarations).union(self.containers)
    self.values = Self.words(values)
    self.nameless = Self.words(nameless)
    self.features = features
  }

  private func nested(by nesting: Nesting) -> CodeLanguage {
    var language = self
    language.nesting = nesting
    return language
  }

  private static func words(_ list: String) -> Set<String> {
    Set(list.split(separator: " ").map(String.init))
  }

  /// Words that begin a statement which declares nothing.
  static let control = words(
    """
    if else for foreach while switch do catch try guard repeat return throw defer await yield when match \
    loop unless until using with finally go select elif elsif new delete assert
    """)

  /// Words that go on with the statement of the line before.
  static let continuations = words("where throws rethrows extends implements else catch finally")

  /// Words that end a block where it began.
  static let closings = words(
    "end else elsif elif rescue ensure except finally then fi done esac when in")

  /// Whether a name is followed by parentheses without being a function's.
  static let notFunctions = words(
    """
    __attribute__ __declspec alignas decltype noexcept throw sizeof defined operator super this if while \
    for switch catch return __asm__ asm requires synchronized lock
    """)
}

// MARK: - Table

extension CodeLanguage {
  /// The language of a file by the ending of its name; nil if it is not known here.
  init?(fileName: String) {
    guard let language = Self.byEnding[ParsedFile.ending(of: fileName)] else { return nil }
    self = language
  }

  private static let byEnding: [String: CodeLanguage] = {
    var table: [String: CodeLanguage] = [:]
    func add(_ endings: String, _ language: CodeLanguage) {
      for ending in words(endings) { table[ending] = language }
    }
    let slashes = Literal.comment("/*", "*/")
    let nesting = Literal.comment("/*", "*/", nests: true)
    let quotes = [Literal.text("\""), .text("'")]
    add(
      "swift",
      CodeLanguage(
        [nesting, .long("\"\"\""), .text("\"")],
        containers: "class struct enum protocol extension actor",
        "func typealias associatedtype macro precedencegroup", values: "let var",
        nameless: "init deinit subscript",
        [.lineStatements, .patterns, .directives, .rawTexts, .operatorNames]))
    add(
      "c h cc cpp cxx c++ hh hpp hxx h++ ixx cppm cu cuh",
      CodeLanguage(
        [slashes, .text("\"")], containers: "class struct union enum namespace", "typedef",
        [.characters, .directives, .bareFunctions, .rawTexts, .typesInSignatures]))
    add(
      "cs csx",
      CodeLanguage(
        [
          slashes, .long("\"\"\"", escapes: false), .long("@\"", "\"", escapes: false), .text("\""),
        ],
        containers: "class struct enum interface record namespace", "delegate",
        [.characters, .directives, .bareFunctions, .bareProperties]))
    add(
      "java",
      CodeLanguage(
        [slashes, .long("\"\"\""), .text("\"")], containers: "class interface enum record", "",
        [.characters, .bareFunctions]))
    add(
      "kt kts",
      CodeLanguage(
        [nesting, .long("\"\"\"", escapes: false), .text("\"")],
        containers: "class interface object", "fun typealias", values: "val var",
        nameless: "constructor init", [.lineStatements, .characters]))
    let script: Features = [.lineStatements, .patterns, .bareMethods]
    add(
      "js mjs cjs jsx",
      CodeLanguage(
        [slashes, .long("`")] + quotes, containers: "class", "function", values: "const let var",
        script))
    add(
      "ts mts cts tsx",
      CodeLanguage(
        [slashes, .long("`")] + quotes, containers: "class interface enum namespace module",
        "function type", values: "const let var", script))
    add(
      "go",
      CodeLanguage(
        [slashes, .long("`", escapes: false), .text("\"")], containers: "", "func type",
        values: "var const", [.lineStatements, .characters, .receivers]))
    add(
      "rs",
      CodeLanguage(
        [nesting, .long("\"")], containers: "struct enum trait impl mod union",
        "fn type macro_rules", values: "const static", [.characters, .rawTexts]))
    add(
      "php",
      CodeLanguage(
        comments: "// #", [slashes, .long("\""), .long("'"), .long("?>", "<?", escapes: false)],
        containers: "class interface trait enum", "function namespace", [.hereDocuments, .tags]))
    add(
      "scala sbt",
      CodeLanguage(
        [nesting, .long("\"\"\"", escapes: false), .text("\"")],
        containers: "class object trait enum", "def type given", values: "val var",
        [.lineStatements, .characters, .operatorNames]))
    add(
      "sql",
      CodeLanguage(
        comments: "--", [slashes, .long("$$", escapes: false), .long("'", escapes: false)],
        "table view function procedure trigger index type", []
      ).nested(by: .statements))
    add(
      "py pyi pyw",
      CodeLanguage(
        comments: "#", [.long("\"\"\""), .long("'''")] + quotes, containers: "class", "def", []
      ).nested(by: .indentation))
    add(
      "rb rake rbi",
      CodeLanguage(
        comments: "#", [.long("\""), .long("'")],
        containers: "class module", "def", [.hereDocuments, .operatorNames]
      ).nested(by: .indentation))
    add(
      "lua",
      CodeLanguage(
        comments: "--",
        [
          .comment("--[[", "]]"), .comment("--[=[", "]=]"), .long("[[", "]]", escapes: false),
          .long("[=[", "]=]", escapes: false),
        ] + quotes, "function", []
      ).nested(by: .indentation))
    add(
      "sh bash zsh ksh bats",
      CodeLanguage(
        comments: "#", [.long("\""), .long("'", escapes: false)], "function",
        [.hereDocuments, .shell]
      ).nested(by: .indentation))
    return table
  }()
}
