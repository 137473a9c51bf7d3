// Comments and texts of code: where they begin and end.

extension CodeScanner {
  /// Goes over a line of a text that ends with a line of its own.
  mutating func skipLine(ofDocumentTo end: [UInt8]) {
    var text = index
    while text < bytes.count, bytes[text] == 0x09 || bytes[text] == 0x20 { text += 1 }
    let isEnd =
      has(end, at: text)
      && (text + end.count == bytes.count || !Self.isWordByte(bytes[text + end.count]))
    if isEnd {
      document = nil
      index = text + end.count
      (isLineStart, isBlankLine) = (false, false)
      return
    }
    skipToLineEnd()
    if index < bytes.count { index += 1 }
    lineStart = index
  }

  /// Goes to the end of a text or a comment.
  mutating func skip(_ literal: CodeLanguage.Literal) {
    let (first, second) = (literal.close[0], literal.nests ? literal.open[0] : literal.close[0])
    while index < bytes.count {
      let byte = bytes[index]
      if byte == first, has(literal.close, at: index) {
        index += literal.close.count
        literalDepth -= 1
        if literalDepth == 0 { return endLiteral(literal) }
      } else if byte == second, literal.nests, has(literal.open, at: index) {
        index += literal.open.count
        literalDepth += 1
      } else if byte == UInt8(ascii: "\\"), literal.escapes, index + 1 < bytes.count {
        index += 2
      } else if !literal.spansLines, Bytes.isNewline(byte) {
        // A text that is not closed ends with its line.
        return endLiteral(literal)
      } else {
        index += 1
        if byte == 0x0A || byte == 0x0D { lineStart = index }
      }
    }
  }

  private mutating func endLiteral(_ ended: CodeLanguage.Literal) {
    literal = nil
    literalDepth = 0
    guard !ended.isComment else { return }
    lastByte = ended.close[0]
  }
}

// MARK: - Comments and texts

extension CodeScanner {
  private mutating func begin(_ opened: CodeLanguage.Literal) {
    literal = opened
    literalDepth = 1
    index += opened.open.count
  }

  /// Takes a comment, if one begins here.
  mutating func takeComment() -> Bool {
    let byte = bytes[index]
    for comment in language.lineComments where comment[0] == byte && has(comment, at: index) {
      if language.features.contains(.shell), index > 0, bytes[index - 1] > 0x20 { continue }
      // Lua's long comments begin as its short ones do, PHP's attributes as its comments.
      if language.literals.contains(where: { $0.isComment && has($0.open, at: index) }) { continue }
      if language.lineComments.count > 1, has(Array("#[".utf8), at: index) { continue }
      noteLeading()
      skipToLineEnd()
      return true
    }
    for opened in language.literals
    where opened.isComment && opened.open[0] == byte && has(opened.open, at: index) {
      noteLeading()
      begin(opened)
      return true
    }
    return false
  }

  /// Takes note that a comment stands at the beginning of a line.
  private mutating func noteLeading() {
    guard isBlankLine else { return }
    if language.features.contains(.lineStatements), !isInBrackets, !head.isAttributeOnly,
      !isContinued
    {
      head = StatementHead()
    }
    if language.nesting == .indentation, !isInBrackets { head = StatementHead() }
    if leading == nil, head.isEmpty { leading = lineStart }
  }

  /// Takes a text, if one begins here.
  mutating func takeLiteral(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "'") where language.features.contains(.characters):
      index += characterLength()
      return true
    case UInt8(ascii: "/") where language.features.contains(.patterns):
      guard let end = patternEnd() else { return false }
      index = end
      return true
    case UInt8(ascii: "#"), UInt8(ascii: "r"), UInt8(ascii: "R"), UInt8(ascii: "b"):
      guard language.features.contains(.rawTexts), let raw = rawText() else { return false }
      begin(raw)
      return true
    case UInt8(ascii: "<")
    where language.features.contains(.tags) && has(Array("<?php".utf8), at: index):
      index += 5
      head = StatementHead()
      return true
    case UInt8(ascii: "<") where language.features.contains(.hereDocuments):
      if let end = hereDocumentEnd() { pendingDocument = end }
      return false
    case UInt8(ascii: "\\") where language.features.contains(.shell):
      index = min(bytes.count, index + 2)
      return true
    default: break
    }
    for opened in language.literals
    where !opened.isComment && opened.open[0] == byte && has(opened.open, at: index) {
      if !isInBrackets { head.isEmpty = false }
      begin(opened)
      return true
    }
    return false
  }

  /// The bytes of `'x'`; 1 if the apostrophe is no character's.
  private func characterLength() -> Int {
    guard index + 2 < bytes.count else { return 1 }
    if bytes[index + 1] == UInt8(ascii: "\\") {
      let end = min(bytes.count, index + 14)
      guard index + 3 < end else { return 1 }
      let close = bytes[(index + 3)..<end].firstIndex(of: UInt8(ascii: "'"))
      return close.map { $0 + 1 - index } ?? 1
    }
    let next = index + 1 + UTF8Scalar.decode(bytes, at: index + 1).length
    return next < bytes.count && bytes[next] == UInt8(ascii: "'") ? next + 1 - index : 1
  }

  /// Where a pattern between slashes ends on this line; nil where a slash divides.
  private func patternEnd() -> Int? {
    switch lastByte {
    case 0, UInt8(ascii: "("), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: ":"),
      UInt8(ascii: "["), UInt8(ascii: "!"), UInt8(ascii: "&"), UInt8(ascii: "|"),
      UInt8(ascii: "?"), UInt8(ascii: "{"), UInt8(ascii: ";"):
      break
    default: return nil
    }
    var (at, isInClass) = (index + 1, false)
    while at < bytes.count, !Bytes.isNewline(bytes[at]), at - index < 256 {
      switch bytes[at] {
      case UInt8(ascii: "\\"): at += 1
      case UInt8(ascii: "["): isInClass = true
      case UInt8(ascii: "]"): isInClass = false
      case UInt8(ascii: "/") where !isInClass: return at > index + 1 ? at + 1 : nil
      default: break
      }
      at += 1
    }
    return nil
  }

  /// A text with marks of its own that begins here: `#"…"#`, `r#"…"#`, `R"mark(…)mark"`.
  private func rawText() -> CodeLanguage.Literal? {
    var at = index
    if index > 0, Self.isWordByte(bytes[index - 1]) { return nil }
    let isC = bytes[at] == UInt8(ascii: "R")
    if bytes[at] == UInt8(ascii: "b") { at += 1 }
    if at < bytes.count, bytes[at] == UInt8(ascii: "r") || bytes[at] == UInt8(ascii: "R") {
      at += 1
    }
    let marks = at
    while at < bytes.count, bytes[at] == UInt8(ascii: "#"), at - marks < 16 { at += 1 }
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
    var (opened, closed) = (at + 1, "\"" + String(repeating: "#", count: at - marks))
    if isC {
      let name = bytes[opened...].prefix(17).prefix { $0 != UInt8(ascii: "(") && $0 > 0x20 }
      opened += name.count + 1
      closed = ")" + String(decoding: name, as: UTF8.self) + "\""
    } else if at == index || at == marks && bytes[index] == UInt8(ascii: "b") {
      return nil
    } else if has(Array("\"\"\"".utf8), at: at) {
      (opened, closed) = (at + 3, "\"\"" + closed)
    }
    guard opened <= bytes.count else { return nil }
    let open = String(decoding: bytes[index..<opened], as: UTF8.self)
    return .long(open, closed, escapes: false)
  }

  /// The line that ends a text which begins after this line: `<<END`, `<<-'END'`, `<<~END`, `<<<END`.
  private func hereDocumentEnd() -> [UInt8]? {
    guard has([0x3C, 0x3C], at: index), index == 0 || bytes[index - 1] != UInt8(ascii: "<") else {
      return nil
    }
    var at = index + 2
    if at < bytes.count, "<-~".utf8.contains(bytes[at]) { at += 1 }
    if language.features.contains(.shell) {
      while at < bytes.count, bytes[at] == 0x20 || bytes[at] == UInt8(ascii: "\\") { at += 1 }
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "'") || bytes[at] == UInt8(ascii: "\"") {
      at += 1
    }
    let name = bytes[min(at, bytes.count)...].prefix(64).prefix(while: Self.isWordByte)
    guard let first = name.first, 65...90 ~= first || first == UInt8(ascii: "_") else { return nil }
    return Array(name)
  }
}
