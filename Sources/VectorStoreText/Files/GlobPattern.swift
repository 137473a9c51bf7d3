// One pattern of a name or path: `*.md`, `docs/**/a?.txt`.

/// A shell pattern over the bytes of a path.
///
/// `*` stands for any run of characters and `?` for one, neither for a slash; `[a-c]`, `[!a-c]` and
/// `[[:digit:]]` for one character of a set; `\` takes the meaning from the next character. `**` as
/// a whole component stands for any number of folders. All else stands for itself, case included.
/// It knows nothing of anchoring and negation: those are the caller's.
package struct GlobPattern: Sendable {
  /// What `?` and a set stand for.
  package enum Unit: Sendable {
    /// One Unicode scalar, as people count.
    case scalar
    /// One byte, as git counts.
    case byte
  }

  /// One step of a pattern.
  enum Token: Sendable, Equatable {
    /// This byte.
    case literal(UInt8)
    /// One unit other than a slash.
    case any
    /// One unit of a set, never a slash.
    case set([ClosedRange<UInt32>], isNegated: Bool)
    /// Any run without a slash: `*`.
    case star
    /// Any run: a final `**`.
    case tree
    /// Nothing, or any run that ends in a slash: `**/`.
    case folders
  }

  let tokens: [Token]
  let unit: Unit
  private let shape: Shape

  /// What most patterns of ignore files are, for which comparing bytes is enough: a name or path,
  /// or `*` and the end of a name.
  private enum Shape: Sendable {
    case literal([UInt8])
    case suffix([UInt8])
    case general
  }

  init(tokens: [Token], unit: Unit) {
    self.tokens = tokens
    self.unit = unit
    let beginsWithStar = tokens.first == .star
    let rest = tokens.dropFirst(beginsWithStar ? 1 : 0)
    let bytes = rest.compactMap { if case .literal(let byte) = $0 { byte } else { nil } }
    if bytes.count < rest.count {
      shape = .general
    } else {
      shape = beginsWithStar ? .suffix(bytes) : .literal(bytes)
    }
  }

  /// Whether the pattern stands for all of `path`.
  package func matches(_ path: String) -> Bool {
    matches(Array(path.utf8)[...])
  }

  /// Whether the pattern stands for all of `path`, in UTF-8 or, on some systems, in no encoding.
  ///
  /// - Complexity: at most O(*n*² · *m*) for a path of *n* bytes and *m* tokens, whatever the
  ///   pattern; most often O(*n*).
  package func matches(_ path: ArraySlice<UInt8>) -> Bool {
    switch shape {
    case .literal(let bytes):
      return path.elementsEqual(bytes)
    case .suffix(let bytes):
      let run = path.dropLast(bytes.count)
      return path.count >= bytes.count && path[run.endIndex...].elementsEqual(bytes)
        && !run.contains(Self.slash)
    case .general:
      return matchesTokens(path)
    }
  }

  /// Where to go on when a later token fails: the token after a wildcard, and the place in the path
  /// that the wildcard has reached.
  private struct Retry {
    var token: Int
    var place: Int
  }

  /// Matches from the left.
  ///
  /// Only the last `*` and the last `**` are ever tried again: giving an earlier one more of the
  /// path reaches no place that the last cannot reach itself, which is what keeps `*a*a*a*b` from
  /// trying every split.
  private func matchesTokens(_ path: ArraySlice<UInt8>) -> Bool {
    var place = path.startIndex
    var token = 0
    var star: Retry?
    var tree: Retry?
    while true {
      if token == tokens.count, place == path.endIndex { return true }
      if token < tokens.count, let next = step(&token, at: place, in: path) {
        switch tokens[token - 1] {
        case .star:
          star = Retry(token: token, place: place)
        case .tree, .folders:
          star = nil
          tree = Retry(token: token, place: place)
        default: break
        }
        place = next
      } else if let retry = star, retry.place < path.endIndex, path[retry.place] != Self.slash {
        let next = retry.place + unit.read(path[retry.place...]).length
        star = Retry(token: retry.token, place: next)
        (token, place) = (retry.token, next)
      } else if let retry = tree, let next = advance(retry, in: path) {
        star = nil
        tree = Retry(token: retry.token, place: next)
        (token, place) = (retry.token, next)
      } else {
        return false
      }
    }
  }

  /// The place after what the current token stands for, at its shortest, or nil where it does not
  /// stand here.
  ///
  /// Moves to the next token on success.
  private func step(_ token: inout Int, at place: Int, in path: ArraySlice<UInt8>) -> Int? {
    let length: Int
    switch tokens[token] {
    case .star, .tree, .folders:
      length = 0
    case .literal(let byte):
      guard place < path.endIndex, path[place] == byte else { return nil }
      length = 1
    case .any:
      guard place < path.endIndex, path[place] != Self.slash else { return nil }
      length = unit.read(path[place...]).length
    case .set(let ranges, let isNegated):
      guard place < path.endIndex, path[place] != Self.slash else { return nil }
      let (value, valueLength) = unit.read(path[place...])
      guard ranges.contains(where: { $0.contains(value) }) != isNegated else { return nil }
      length = valueLength
    }
    token += 1
    return place + length
  }

  /// The next place that a `**` can reach beyond where it has reached.
  private func advance(_ retry: Retry, in path: ArraySlice<UInt8>) -> Int? {
    guard retry.place < path.endIndex else { return nil }
    if tokens[retry.token - 1] == .tree { return retry.place + 1 }
    return path[retry.place...].firstIndex(of: Self.slash).map { $0 + 1 }
  }

  static let slash = UInt8(ascii: "/")
}

extension GlobPattern.Unit {
  /// The first unit of `bytes`, which is not empty, and its length in bytes.
  ///
  /// Bytes that are not UTF-8 count one by one.
  func read(_ bytes: ArraySlice<UInt8>) -> (value: UInt32, length: Int) {
    let first = bytes[bytes.startIndex]
    guard self == .scalar, first >= 0x80 else { return (UInt32(first), 1) }
    var parser = Unicode.UTF8.ForwardParser()
    var iterator = bytes.makeIterator()
    guard case .valid(let encoded) = parser.parseScalar(from: &iterator) else {
      return (UInt32(first), 1)
    }
    return (Unicode.UTF8.decode(encoded).value, encoded.count)
  }
}
