// What is known of a statement of code before its block opens: which name it declares.

/// The words of a statement so far.
struct StatementHead {
  enum Kind { case container, function, value }

  /// The most bytes of a name that are kept.
  private static let longestName = 100

  /// Where it begins, with the comments and attributes before it.
  var start: Int?
  /// How far it is indented.
  var column = 0
  var isEmpty = true
  /// How many words it has, without those in brackets and of attributes.
  var words = 0
  /// The word that declares something, and what.
  var keyword: Range<Int>?
  var kind = Kind.function
  var name: Range<Int>?
  /// Whether it begins with `if`, `for` or another word that declares nothing.
  var isControl = false
  /// Whether its block has been opened.
  var isOpened = false
  /// The last word in brackets before the name: the type of the method's receiver in Go.
  var receiver: Range<Int>?
  /// The depth of angle brackets after `template`.
  var angles: Int?
  /// Where `operator` begins.
  var operatorStart: Int?
  /// Whether a sign stood after the name that ends it.
  var isSigned = false
  var isAfterArrow = false
  private var isOperator = false
  /// The last words with the dots between them.
  private(set) var chain: Range<Int>?
  /// The words before the first parenthesis.
  private(set) var called: Range<Int>?
  /// The words before the first equals sign.
  private(set) var assigned: Range<Int>?
  /// The words before the last opening angle bracket.
  private var generic: Range<Int>?
  private var hasEquals = false

  /// Whether there are only attributes so far.
  var isAttributeOnly: Bool { !isEmpty && words == 0 }
  /// Whether it names something.
  var isDeclared: Bool { name != nil && !isControl }

  /// Takes the next word in.
  mutating func add(_ range: Range<Int>, joinedBy before: UInt8) {
    if let last = chain, range.lowerBound - last.upperBound <= 2,
      range.lowerBound > last.upperBound,
      ".:~>#".utf8.contains(before)
    {
      chain = last.lowerBound..<range.upperBound
    } else {
      chain = before == UInt8(ascii: "~") ? (range.lowerBound - 1)..<range.upperBound : range
    }
  }

  /// Takes an opening parenthesis in.
  mutating func call(at place: Int, _ bytes: UnsafeBufferPointer<UInt8>) {
    // What comes before is a macro if it is all in capitals.
    let isMacro = called.map { !bytes[$0].contains { $0 > 0x60 } }
    guard angles == nil || angles == 0, isMacro != false, !hasEquals else { return }
    if let start = operatorStart {
      called = start..<place
      return
    }
    let isGeneric = place > 0 && bytes[place - 1] == UInt8(ascii: ">")
    guard let chain = isGeneric ? generic : chain, isGeneric || place - chain.upperBound <= 1 else {
      return
    }
    let word = String(decoding: bytes[chain].suffix(24), as: UTF8.self)
    if !CodeLanguage.notFunctions.contains(word) { called = chain }
  }

  /// Takes any other sign in.
  mutating func sign(
    _ byte: UInt8, at place: Int, isInBrackets: Bool, _ bytes: UnsafeBufferPointer<UInt8>
  ) {
    guard !isInBrackets else { return }
    let before = place > 0 ? bytes[place - 1] : 0x20
    switch byte {
    case UInt8(ascii: "<"):
      if let depth = angles { angles = depth + 1 }
      if let chain, chain.upperBound == place { generic = chain }
      if name != nil { isSigned = true }
    case UInt8(ascii: ">"):
      isAfterArrow = before == UInt8(ascii: "-") || before == UInt8(ascii: "=")
      if let depth = angles, !isAfterArrow { angles = depth > 1 ? depth - 1 : nil }
    case UInt8(ascii: "="):
      let next = place + 1 < bytes.count ? bytes[place + 1] : 0x20
      guard !"=!<>+-*/%&|^:".utf8.contains(before), next != UInt8(ascii: "="), operatorStart == nil,
        angles == nil || angles == 0
      else { return }
      if !hasEquals, next != UInt8(ascii: ">") { assigned = chain }
      hasEquals = hasEquals || next != UInt8(ascii: ">")
      if name != nil { isSigned = true }
    case UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "!"): break
    default: if name != nil { isSigned = true }
    }
  }

  /// Takes a sign as the name of a function, or as its next part. Returns whether it is.
  mutating func takeOperator(at place: Int) -> Bool {
    guard keyword != nil, kind == .function, !isSigned else { return false }
    guard let name else {
      (self.name, isOperator) = (place..<(place + 1), true)
      return true
    }
    guard name.upperBound == place, name.count < 3, isOperator else { return false }
    self.name = name.lowerBound..<(place + 1)
    return true
  }

  /// What a block that opens now belongs to; nil if it is no declaration's.
  ///
  /// - Parameters:
  ///   - outer: the kind of the block around it.
  ///   - isInBrackets: whether brackets are between the two.
  func declaration(
    in outer: CodeScanner.Block.Kind?, isInBrackets: Bool, _ language: CodeLanguage,
    _ bytes: UnsafeBufferPointer<UInt8>
  ) -> (title: String?, isContainer: Bool)? {
    guard !isControl else { return nil }
    let isOutside = outer != .body
    let isBare =
      language.features.contains(.bareFunctions) && isOutside
      || language.features.contains(.bareMethods) && outer == .container
    if let called, isBare, !hasEquals, !isInBrackets,
      keyword.map({
        kind == .container && language.features.contains(.typesInSignatures)
          && Self.text($0, bytes) != "namespace"
      }) ?? true
    {
      return (Self.text(called, bytes), false)
    }
    if keyword != nil || name != nil {
      if isInBrackets, kind != .value { return nil }
      if kind == .value, outer == .body { return nil }
      if let assigned, name == nil || language.features.contains(.typesInSignatures) {
        return isOutside ? (Self.text(assigned, bytes), false) : nil
      }
      return (name == nil ? nil : title(bytes), kind == .container)
    }
    if let assigned, isOutside { return (Self.text(assigned, bytes), false) }
    if language.features.contains(.bareProperties), outer == .container, words > 1, let chain {
      return (Self.text(chain, bytes), false)
    }
    // `extern "C" {` holds declarations as the file does.
    if isOutside, words == 1, let chain, Self.text(chain, bytes) == "extern" { return (nil, true) }
    return nil
  }

  /// The keyword and the name, as `struct Store`.
  func title(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    guard let name else { return "" }
    guard let keyword else { return Self.text(name, bytes) }
    let word = Self.text(keyword, bytes)
    if name.isEmpty { return word }
    if word == "impl" { return word + " " + Self.type(after: keyword.upperBound, bytes) }
    let owner = receiver.map { Self.text($0, bytes) + "." } ?? ""
    return word + " " + owner + Self.text(name, bytes)
  }

  /// The types after `impl`, without their parameters.
  private static func type(after start: Int, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
    var (text, depth): ([UInt8], Int) = ([], 0)
    for byte in bytes[start...].prefix(400) {
      if byte == UInt8(ascii: "{") || byte == UInt8(ascii: ";") { break }
      if byte == UInt8(ascii: "<") { depth += 1 }
      if depth == 0 { text.append(byte) }
      if byte == UInt8(ascii: ">"), depth > 0 { depth -= 1 }
    }
    let words = String(decoding: text, as: UTF8.self).split(whereSeparator: \.isWhitespace)
    return words.prefix { $0 != "where" }.prefix(5).joined(separator: " ")
  }

  /// A part of the text on one line, without the end of what is very long.
  private static func text(_ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>) -> String {
    var end = min(range.upperBound, range.lowerBound + longestName)
    while end < range.upperBound, bytes[end] & 0xC0 == 0x80 { end -= 1 }
    return String(decoding: bytes[range.lowerBound..<end], as: UTF8.self)
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
