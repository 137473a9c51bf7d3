// Walks over source code and finds its declarations: its lines, and the blocks that open and close.

/// Finds the declarations of a text of code.
///
/// It is no parser. It tells texts and comments from code, counts brackets (or compares indentations), and looks
/// at the words of a statement until its block opens. What it takes for a block's end may be wrong in code that a
/// preprocessor completes; the next declaration at the beginning of a line sets that right.
///
/// - Complexity: O(bytes), with the memory of at most ``mostBlocks`` blocks and of what is found.
struct CodeScanner {
  /// The most blocks within each other that are kept. Of deeper ones only the number is known.
  static let mostBlocks = 256
  /// The words of a statement that are looked at.
  static let mostWords = 48

  /// A block that is open.
  struct Block {
    enum Kind: UInt8 {
      /// Parentheses and square brackets.
      case brackets
      /// The inside of a function, or of anything else that holds statements.
      case body
      /// The inside of a type or a namespace, which holds declarations.
      case container
    }
    var kind: Kind
    /// How far its statement is indented.
    var column: Int
    /// The number of its declaration; -1 if it has none.
    var scope = -1
    /// The number of the innermost declaration that it is in or of; -1 if there is none.
    var inner = -1
    /// Its kind, or of brackets the kind of the block that they are in; nil in none.
    var holder: Kind?
    /// Whether a statement goes on after it, as after a closure among arguments.
    var isInStatement = false
  }

  /// A declaration with a body: from its comment to the end of the body.
  struct Scope {
    var start: Int
    var end: Int
    var title: String
    /// The number of the declaration around it; -1 if there is none.
    var parent: Int
  }

  let bytes: UnsafeBufferPointer<UInt8>
  let language: CodeLanguage
  /// The declarations found, by their beginnings.
  private(set) var scopes: [Scope] = []

  /// All before this byte has been taken in.
  var index = 0
  /// The statement that goes on here.
  var head = StatementHead()
  /// The text or comment of several lines that goes on here, and how often it was opened.
  var literal: CodeLanguage.Literal?
  var literalDepth = 0
  /// The line that ends the text which goes on here, and that of a text which begins in the next line.
  var document: [UInt8]?
  var pendingDocument: [UInt8]?
  var lineStart = 0
  /// Whether there was nothing in this line yet.
  var isBlankLine = true
  /// Where the comments begin that stand directly before here.
  var leading: Int?
  /// The last byte that is neither blank nor of a comment.
  var lastByte: UInt8 = 0

  private var blocks: [Block] = []
  /// The statements that go on after a block.
  private var outerHeads: [StatementHead] = []
  private var deeper = 0
  private var braces = 0
  /// Whether there was no code in this line yet.
  var isLineStart = true
  private var isDirective = false
  /// How many blocks were open at each `#if`.
  private var conditions: [Int] = []

  init(bytes: UnsafeBufferPointer<UInt8>, language: CodeLanguage) {
    self.bytes = bytes
    self.language = language
  }

  /// Takes the whole text in.
  mutating func scan() {
    while index < bytes.count { step() }
    endLine()
    if language.nesting == .statements { endStatement(at: bytes.count) }
    while !blocks.isEmpty { popBlock(at: bytes.count) }
  }

  // MARK: - Steps

  private mutating func step() {
    if let end = document { return skipLine(ofDocumentTo: end) }
    if let literal { return skip(literal) }
    let byte = bytes[index]
    if Bytes.isNewline(byte) { return takeNewline() }
    if byte <= 0x20 {
      index += 1
      return
    }
    if isDirective { return skipToLineEnd() }
    let isComment = takeComment()
    isBlankLine = false
    if isComment { return }
    if isLineStart, beginLine() { return }
    defer { if index > 0 { lastByte = bytes[index - 1] } }
    if takeLiteral(byte) { return }
    if Bytes.isDigit(byte) {
      while index < bytes.count, Self.isWordByte(bytes[index]) { index += 1 }
    } else if Self.isWordByte(byte) {
      takeWord()
    } else {
      takeSign(byte)
      index += 1
    }
  }

  private mutating func takeNewline() {
    endLine()
    let isContinued = isDirective && index > 0 && bytes[index - 1] == UInt8(ascii: "\\")
    isDirective = isContinued
    index += 1
    if bytes[index - 1] == 0x0D, index < bytes.count, bytes[index] == 0x0A { index += 1 }
    (isLineStart, isBlankLine) = (true, true)
    lineStart = index
    if let pending = pendingDocument { (document, pendingDocument) = (pending, nil) }
  }

  /// Takes note of a line's end: a blank line parts comments from what is after them.
  private mutating func endLine() {
    if isBlankLine, !isDirective { leading = nil }
    guard language.nesting == .indentation, !isInBrackets, head.isDeclared, !head.isOpened
    else { return }
    head.isOpened = true
    open(at: index)
  }

  /// Goes on to the end of the line.
  mutating func skipToLineEnd() {
    while index < bytes.count, !Bytes.isNewline(bytes[index]) { index += 1 }
  }
}

// MARK: - Lines

extension CodeScanner {
  /// Takes the beginning of a line of code in. Returns whether it was a line for the preprocessor.
  private mutating func beginLine() -> Bool {
    isLineStart = false
    if bytes[index] == UInt8(ascii: "#"), language.features.contains(.directives), takeDirective() {
      return true
    }
    let column = column(of: index)
    let word = word(at: index)
    if column == 0, language.declarations.contains(word),
      blocks.contains(where: { $0.kind != .container })
    {
      // No declaration stands as far left as that within a function or brackets: something was not closed.
      while let last = blocks.lastIndex(where: { $0.kind != .container }), last < blocks.count {
        popBlock(at: lineStart)
      }
      (deeper, head) = (0, StatementHead())
    }
    if !isInBrackets {
      if language.nesting == .indentation { leaveIndented(column, word) }
      if endsStatement(word, bytes[index]) { head = StatementHead() }
    }
    if head.isEmpty, !isInBrackets {
      head.start = leading ?? lineStart
      head.column = column
    }
    leading = nil
    return false
  }

  /// Whether the line that begins with a word begins a statement.
  private func endsStatement(_ word: String, _ first: UInt8) -> Bool {
    if head.isEmpty || head.isAttributeOnly { return false }
    if language.nesting == .indentation { return lastByte != UInt8(ascii: "\\") }
    guard language.features.contains(.lineStatements) else { return false }
    if word.isEmpty {
      // Only these begin a statement among the signs.
      return "@#\"'`}".utf8.contains(first)
    }
    return !isContinued && !CodeLanguage.continuations.contains(word)
  }

  /// Whether the line before leaves its statement open.
  var isContinued: Bool { ",=+-%&|.(".utf8.contains(lastByte) || head.isAfterArrow }

  /// Closes what is indented as far as a line, or farther.
  private mutating func leaveIndented(_ column: Int, _ word: String) {
    let closes = CodeLanguage.closings.contains(word) || ")]}".utf8.contains(bytes[index])
    while let last = blocks.last, last.column > column || (last.column == column && !closes) {
      popBlock(at: lineStart)
    }
  }

  /// Takes a line for the preprocessor. Of the ways of a condition, each begins with the blocks that were open
  /// before the first.
  private mutating func takeDirective() -> Bool {
    var at = index + 1
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 { at += 1 }
    switch word(at: at) {
    case "if", "ifdef", "ifndef":
      if conditions.count < 64 { conditions.append(blocks.count) }
    case "else", "elif", "elseif":
      if let count = conditions.last {
        while blocks.count > count { popBlock(at: lineStart) }
      }
    case "endif": _ = conditions.popLast()
    case "define", "undef", "include", "import", "pragma", "error", "warning", "line", "region",
      "endregion", "nullable", "sourceLocation":
      break
    default: return false
    }
    leading = nil
    isDirective = true
    skipToLineEnd()
    return true
  }

  /// How far a place of this line is indented, a tab being four columns wide.
  private func column(of text: Int) -> Int {
    bytes[lineStart..<text].reduce(0) { $0 + ($1 == 0x09 ? 4 : 1) }
  }

  /// The word that begins at a place; empty if none does, or a very long one.
  func word(at start: Int) -> String {
    var end = start
    while end < bytes.count, Self.isWordByte(bytes[end]), end - start < 24 { end += 1 }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// The same as it is written among the words of the language: SQL knows no case.
  func keyword(at start: Int) -> String {
    language.nesting == .statements ? word(at: start).lowercased() : word(at: start)
  }

  /// Whether a byte is a part of a word.
  static func isWordByte(_ byte: UInt8) -> Bool {
    Bytes.isLetter(byte) || Bytes.isDigit(byte) || byte >= 0x80 || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "$")
  }

  /// Whether a mark stands at a place.
  func has(_ mark: [UInt8], at place: Int) -> Bool {
    place + mark.count <= bytes.count
      && mark.indices.allSatisfy { bytes[place + $0] == mark[$0] }
  }
}

// MARK: - Blocks

extension CodeScanner {
  /// Whether what comes next is within parentheses or square brackets.
  var isInBrackets: Bool { blocks.last?.kind == .brackets }

  /// Adds a declaration. None begins before one that was found earlier, as in the arguments of its head.
  mutating func add(_ scope: Scope) {
    var scope = scope
    scope.start = max(scope.start, scopes.last?.start ?? 0)
    scopes.append(scope)
  }

  /// Opens brackets or a block.
  mutating func push(_ block: Block) {
    guard blocks.count < Self.mostBlocks else {
      deeper += 1
      return
    }
    var block = block
    block.inner = block.scope >= 0 ? block.scope : blocks.last?.inner ?? -1
    block.holder = block.kind == .brackets ? blocks.last?.holder : block.kind
    if block.kind != .brackets { braces += 1 }
    if block.isInStatement { outerHeads.append(head) }
    blocks.append(block)
  }

  /// Opens a block: that of a declaration, or one without a name.
  mutating func open(at place: Int) {
    let declared = head.declaration(
      in: blocks.last?.holder, isInBrackets: isInBrackets, language, bytes)
    var scope = -1
    if let declared, let title = declared.title, blocks.count < Self.mostBlocks {
      scope = scopes.count
      add(
        Scope(
          start: head.start ?? index, end: bytes.count, title: title,
          parent: blocks.last?.inner ?? -1))
    }
    push(
      Block(
        kind: declared?.isContainer == true ? .container : .body, column: head.column, scope: scope,
        isInStatement: isInBrackets))
    if language.nesting == .braces { head = StatementHead() }
  }

  private mutating func popBlock(at end: Int) {
    guard let block = blocks.popLast() else { return }
    if block.kind != .brackets { braces -= 1 }
    if block.scope >= 0 { scopes[block.scope].end = end }
    head = (block.isInStatement ? outerHeads.popLast() : nil) ?? StatementHead()
  }

  /// Closes brackets.
  mutating func closeBrackets() {
    if deeper > 0 {
      deeper -= 1
    } else if isInBrackets {
      blocks.removeLast()
    }
  }

  /// Closes a block in braces, and the brackets in it that are still open.
  mutating func closeBrace() {
    if deeper > 0 {
      deeper -= 1
      return
    }
    guard braces > 0 else {
      head = StatementHead()
      return
    }
    while isInBrackets { blocks.removeLast() }
    popBlock(at: index + 1)
  }
}
