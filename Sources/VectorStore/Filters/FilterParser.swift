// Reads a filter's text by recursive descent: or, and, not, conditions.

import VectorStoreText

/// The state of reading one filter.
struct FilterParser {
  private var lexer: FilterLexer
  /// The piece that is to be read next.
  private var token: FilterToken
  private var depth = 0

  init(_ lexer: FilterLexer) throws(FilterFault) {
    self.lexer = lexer
    token = try self.lexer.next()
  }

  /// Reads the whole text.
  mutating func filter() throws(FilterFault) -> Filter {
    guard token.kind != .end else {
      throw fault("found nothing, expected a condition, such as lang = 'de'")
    }
    let filter = try alternatives()
    switch token.kind {
    case .end: return filter
    case .close: throw fault("found a ) that closes nothing; remove it, or open it before")
    default: throw fault("\(found), expected and, or, or the end")
    }
  }

  private mutating func advance() throws(FilterFault) { token = try lexer.next() }

  /// Whether the next piece is a keyword, which is then read.
  private mutating func take(_ keyword: String) throws(FilterFault) -> Bool {
    guard isKeyword(keyword) else { return false }
    try advance()
    return true
  }

  private func isKeyword(_ keyword: String) -> Bool {
    if case .word(let word) = token.kind { word.lowercased() == keyword } else { false }
  }

  // MARK: - Composition

  private mutating func alternatives() throws(FilterFault) -> Filter {
    var filter = try conjunction()
    while try take("or") { filter = .or(filter, try conjunction()) }
    return filter
  }

  private mutating func conjunction() throws(FilterFault) -> Filter {
    var filter = try unary()
    while try take("and") { filter = .and(filter, try unary()) }
    return filter
  }

  private mutating func unary() throws(FilterFault) -> Filter {
    depth += 1
    defer { depth -= 1 }
    guard depth <= FilterRules.maximumDepth else {
      throw fault(
        "nested more than \(FilterRules.maximumDepth) levels deep; write fewer parentheses")
    }
    if try take("not") { return .not(try unary()) }
    guard token.kind == .open else { return try condition() }
    let opening = token.position
    try advance()
    let filter = try alternatives()
    switch token.kind {
    case .close: try advance()
    case .end:
      throw FilterFault(
        position: opening, message: "found a ( that none closes, expected a ) after the condition")
    default: throw fault("\(found), expected and, or, or )")
    }
    return filter
  }

  // MARK: - Conditions

  private mutating func condition() throws(FilterFault) -> Filter {
    if try take("exists") { return .exists(try field()) }
    let field = try field()
    switch token.kind {
    case .comparison(let comparison):
      try advance()
      return .compare(field, comparison, try value(of: field, comparison))
    case .word where isKeyword("in"):
      try advance()
      return .oneOf(field, try list(of: field))
    case .word where isKeyword("like"):
      try advance()
      return .like(field, try pattern(of: field))
    default: throw noOperator(after: field)
    }
  }

  private mutating func field() throws(FilterFault) -> Filter.Field {
    var path: [String] = []
    switch token.kind {
    case .word(let word):
      guard !FilterWords.keywords.contains(word.lowercased()) else {
        throw fault(
          "found the keyword \(word), expected a field; a key of that name is written in double quotes: "
            + "\"\(word)\"")
      }
      path.append(word)
    case .quoted(let key):
      path.append(key)
    case .text(let text):
      throw fault(
        "found a text, expected a field; keys stand without quotes or in double ones: "
          + FilterWords.written(key: String(text.prefix(40))))
    case .number:
      let run = lexer.run(at: token.position)
      throw fault(
        "found a number, expected a field; a key of that name is written in double quotes: \"\(run)\""
      )
    default:
      throw fault("\(found), expected a condition, such as lang = 'de'")
    }
    let first = token.kind
    try advance()
    while token.kind == .dot {
      try advance()
      switch token.kind {
      case .word(let key), .quoted(let key): path.append(key)
      default:
        throw fault(
          "\(found), expected a key after the dot; in double quotes if it is not a plain word")
      }
      try advance()
    }
    if path.count == 1, case .word(let word) = first, let named = Filter.Field.named(word) {
      return named
    }
    return .metadata(path)
  }

  private mutating func list(of field: Filter.Field) throws(FilterFault) -> [MetadataValue] {
    guard token.kind == .open else {
      throw fault("\(found), expected a list in parentheses: \(field) in ('a', 'b')")
    }
    let opening = token.position
    try advance()
    var values: [MetadataValue] = []
    while token.kind != .close {
      values.append(try value(of: field, .equal))
      switch token.kind {
      case .comma: try advance()
      case .close: break
      case .end:
        throw FilterFault(
          position: opening, message: "found a ( that none closes, expected a ) after the list")
      default: throw fault("\(found), expected a comma or ) in the list")
      }
    }
    try advance()
    return values
  }

  private mutating func pattern(of field: Filter.Field) throws(FilterFault) -> String {
    let place = token
    let value = try value()
    guard case .string(let pattern) = value else {
      throw FilterFault(
        position: place.position,
        message:
          "found \(FilterWords.written(value: value)), expected a text in single quotes: like "
          + "compares texts, with % for any characters and _ for one")
    }
    if let problem = FilterRules.problem(field, like: pattern) {
      throw FilterFault(position: place.position, message: problem)
    }
    return pattern
  }

  private mutating func value(
    of field: Filter.Field, _ comparison: Filter.Comparison
  ) throws(FilterFault) -> MetadataValue {
    let place = token.position
    let value = try value()
    if let problem = FilterRules.problem(field, comparison, value) {
      throw FilterFault(position: place, message: problem)
    }
    return value
  }

  private mutating func value() throws(FilterFault) -> MetadataValue {
    let value: MetadataValue
    switch token.kind {
    case .text(let text), .quoted(let text): value = .string(text)
    case .number(let number): value = number
    case .word(let word):
      switch word.lowercased() {
      case "true": value = .bool(true)
      case "false": value = .bool(false)
      case "null": value = .null
      default: throw bareWord()
      }
    default:
      throw fault(
        "\(found), expected a value: a text in single quotes, a number, true, false or null")
    }
    try advance()
    return value
  }

  // MARK: - Errors

  private func fault(_ message: String) -> FilterFault {
    FilterFault(position: token.position, message: message)
  }

  /// What was found at the next piece.
  private var found: String {
    switch token.kind {
    case .end: "the text ends here"
    case .text: "found a text"
    default: "found \(lexer.run(at: token.position, orMark: true))"
    }
  }

  private func bareWord() -> FilterFault {
    let run = lexer.run(at: token.position)
    return fault(
      "found the bare word \(run), expected a value; texts stand in single quotes: '\(run)'")
  }

  private func noOperator(after field: Filter.Field) -> FilterFault {
    if isKeyword("not") {
      return fault(
        "found not after the field, expected it before the condition: not \(field) in (…)")
    }
    if isKeyword("is") {
      return fault(
        "found is, expected an operator; write \(field) = null, exists \(field), or not exists \(field)"
      )
    }
    return fault("\(found), expected = != < <= > >= in or like after the field \(field)")
  }
}
