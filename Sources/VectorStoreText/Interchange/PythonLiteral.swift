// The few Python literals that stand in a `.npy` header: a dictionary of strings, True and False,
// and tuples of whole numbers.

/// A parser of a Python dictionary whose values are strings, booleans and tuples of whole numbers.
struct PythonLiteral {
  /// One value of the dictionary.
  enum Value: Equatable {
    case string(String)
    case bool(Bool)
    case integers([Int])
    /// A list: the descriptor of a structured type, which is only skipped.
    case list

    /// The value in words, as Python writes it.
    var words: String {
      switch self {
      case .string(let text): "'\(text)'"
      case .bool(let value): value ? "True" : "False"
      case .integers(let numbers):
        numbers.count == 1
          ? "(\(numbers[0]),)" : "(\(numbers.map(String.init).joined(separator: ", ")))"
      case .list: "a record"
      }
    }
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// Whether nothing but spaces and line feeds is left.
  var isAtEnd: Bool {
    mutating get {
      skipSpaces()
      return position == bytes.count
    }
  }

  /// Reads a dictionary, or returns nil where there is none or a key occurs twice.
  mutating func dictionary() -> [String: Value]? {
    guard take("{") else { return nil }
    var entries: [String: Value] = [:]
    while !take("}") {
      guard let key = string(), take(":"), let value = value(),
        entries.updateValue(value, forKey: key) == nil
      else { return nil }
      guard take(",") || next == UInt8(ascii: "}") else { return nil }
    }
    return entries
  }

  private var next: UInt8? {
    mutating get {
      skipSpaces()
      return position < bytes.count ? bytes[position] : nil
    }
  }

  private mutating func value() -> Value? {
    switch next {
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return string().map(Value.string)
    case UInt8(ascii: "("): return integers().map(Value.integers)
    case UInt8(ascii: "["): return skipList() ? .list : nil
    default:
      if take(word: "True") { return .bool(true) }
      return take(word: "False") ? .bool(false) : nil
    }
  }

  /// Strings of headers hold no escapes: a backslash is refused.
  private mutating func string() -> String? {
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      return nil
    }
    let rest = bytes[(position + 1)...]
    guard let end = rest.firstIndex(of: quote), !rest[..<end].contains(UInt8(ascii: "\\")) else {
      return nil
    }
    position = end + 1
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  private mutating func integers() -> [Int]? {
    guard take("(") else { return nil }
    var numbers: [Int] = []
    while !take(")") {
      skipSpaces()
      let digits = bytes[position...].prefix { (0x30...0x39).contains($0) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else { return nil }
      numbers.append(number)
      position = digits.endIndex
      // A tuple of one is written (3,); without the comma it would be a number in brackets.
      guard take(",") || (numbers.count > 1 && next == UInt8(ascii: ")")) else { return nil }
    }
    return numbers
  }

  private mutating func skipList() -> Bool {
    var depth = 0
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "[") { depth += 1 }
      if bytes[position] == UInt8(ascii: "]") { depth -= 1 }
      position += 1
      if depth == 0 { return true }
    }
    return false
  }

  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: mark) else { return false }
    position += 1
    return true
  }

  private mutating func take(word: String) -> Bool {
    guard bytes[position...].starts(with: word.utf8) else { return false }
    position += word.utf8.count
    return true
  }

  private mutating func skipSpaces() {
    while position < bytes.count, bytes[position] == 0x20 || bytes[position] == 0x0A {
      position += 1
    }
  }
}
