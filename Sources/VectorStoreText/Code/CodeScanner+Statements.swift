// The words and signs of a statement of code, as far as they tell what it declares.

extension CodeScanner {
  /// Takes a word.
  mutating func takeWord() {
    let start = index
    while index < bytes.count, Self.isWordByte(bytes[index]) { index += 1 }
    let range = start..<index
    if head.isEmpty, head.start == nil { head.start = start }
    if isInBrackets {
      if head.name == nil, language.features.contains(.receivers) { head.receiver = range }
      return
    }
    guard head.words < Self.mostWords else { return }
    let before = start > 0 ? bytes[start - 1] : 0x20
    if before == UInt8(ascii: "@") {
      head.isEmpty = false
      return
    }
    let isFirst = head.words == 0
    head.isEmpty = false
    head.words += 1
    head.add(range, joinedBy: before)
    head.isAfterArrow = false
    let isShort = range.count < 20
    if isFirst { head.isControl = isShort && CodeLanguage.control.contains(keyword(at: start)) }
    guard isShort, ".:@$-".utf8.contains(before) == false,
      index == bytes.count || bytes[index] != UInt8(ascii: ".") && bytes[index] != UInt8(ascii: ":")
        || language.nesting != .braces
    else { return takeName(range) }
    let word = keyword(at: start)
    if word == "operator" { head.operatorStart = start }
    if word == "template" { head.angles = 0 }
    guard head.name == nil, head.angles ?? 0 == 0 else { return }
    if language.nesting == .statements, ["if", "not", "exists"].contains(word) { return }
    if language.declarations.contains(word) {
      if !isFirst, language.features.contains(.receivers) { return takeName(range) }
      (head.keyword, head.kind) = (
        range, language.containers.contains(word) ? .container : .function
      )
    } else if language.values.contains(word), head.keyword == nil {
      (head.keyword, head.kind) = (range, .value)
    } else if language.nameless.contains(word), head.keyword == nil {
      (head.keyword, head.kind, head.name) = (range, .function, index..<index)
    } else {
      takeName(range)
    }
  }

  /// Takes a word as the name that is declared, or as its next part.
  private mutating func takeName(_ range: Range<Int>) {
    guard head.keyword != nil else { return }
    if head.name == nil {
      head.name = range
    } else if let name = head.name, !name.isEmpty, range.lowerBound - name.upperBound <= 2,
      range.lowerBound > name.upperBound, !head.isSigned,
      ".:".utf8.contains(bytes[range.lowerBound - 1])
    {
      head.name = name.lowerBound..<range.upperBound
    }
  }

  /// Takes a sign, which stays to be passed.
  mutating func takeSign(_ byte: UInt8) {
    if !isInBrackets, !"{};)".utf8.contains(byte) { head.isEmpty = false }
    if !isInBrackets { head.isAfterArrow = false }
    switch byte {
    case _ where language.features.contains(.shell):
      if byte == UInt8(ascii: "("), head.words == 1, head.keyword == nil, index + 1 < bytes.count,
        bytes[index + 1] == UInt8(ascii: ")")
      {
        head.name = head.chain
      }
    case UInt8(ascii: "("), UInt8(ascii: "["):
      if byte == UInt8(ascii: "("), !isInBrackets { head.call(at: index, bytes) }
      push(Block(kind: .brackets, column: head.column))
    case UInt8(ascii: ")"), UInt8(ascii: "]"): closeBrackets()
    case UInt8(ascii: "{"):
      if language.nesting == .braces {
        open(at: index)
      } else {
        push(Block(kind: .brackets, column: head.column))
      }
    case UInt8(ascii: "}"):
      if language.nesting == .braces { closeBrace() } else { closeBrackets() }
    case UInt8(ascii: ";"):
      if !isInBrackets { endStatement(at: index + 1) }
    case UInt8(ascii: ":"):
      if head.words == 1, let word = head.chain.map({ self.word(at: $0.lowerBound) }),
        language.features.contains(.typesInSignatures),
        ["public", "private", "protected", "default"].contains(word)
      {
        head = StatementHead()
      }
    default:
      if language.features.contains(.operatorNames), !isInBrackets, head.takeOperator(at: index) {
        return
      }
      head.sign(byte, at: index, isInBrackets: isInBrackets, bytes)
    }
  }

  /// Ends the statement at a place.
  mutating func endStatement(at end: Int) {
    if language.nesting == .statements, head.isDeclared {
      add(Scope(start: head.start ?? end, end: end, title: head.title(bytes), parent: -1))
    }
    head = StatementHead()
  }
}
