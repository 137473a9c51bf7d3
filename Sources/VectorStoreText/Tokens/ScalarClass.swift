// What kind of scalar each one is to cl100k_base. Read by PreTokenizer; letters and numbers stand in
// ScalarClass+Ranges.swift, so that the answer does not depend on the Unicode version of the system.

/// What a scalar is to the pattern of cl100k_base.
enum ScalarClass: UInt8, Sendable {
  /// None of the others: `[^\s\p{L}\p{N}]`.
  case other
  /// `\p{L}`
  case letter
  /// `\p{N}`
  case number
  /// `\s` without the newlines.
  case space
  /// `[\r\n]`
  case newline

  /// The classes of all scalars up to the last one that is not ``other``, by value.
  static let table: [ScalarClass] = {
    let last = max(letters.last ?? 0, numbers.last ?? 0)
    var table = [ScalarClass](repeating: .other, count: Int(last) + 1)
    for (bounds, kind) in [(letters, letter), (numbers, number), (spaces, space)] {
      for index in stride(from: 0, to: bounds.count, by: 2) {
        for value in bounds[index]...bounds[index + 1] { table[Int(value)] = kind }
      }
    }
    table[0x0A] = .newline
    table[0x0D] = .newline
    return table
  }()

  /// Unicode's White_Space: the first and the last scalar of each range.
  private static let spaces: [UInt32] = [
    0x09, 0x0D, 0x20, 0x20, 0x85, 0x85, 0xA0, 0xA0, 0x1680, 0x1680, 0x2000, 0x200A, 0x2028, 0x2029,
    0x202F, 0x202F, 0x205F, 0x205F, 0x3000, 0x3000,
  ]
}
