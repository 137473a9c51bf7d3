// Why a vocabulary is not to be had. Thrown by TokenVocabulary, BytePairTable and
// TokenVocabularySource; what counts tokens then takes an upper bound and says so.

/// What is wrong with the text of a vocabulary.
package enum TokenVocabularyError: Error, Sendable, Hashable {
  /// A line, counted from 1, is not a token in base64, a blank and a rank.
  case malformedLine(Int)
  /// A line holds another rank than the next one.
  case unexpectedRank(Int, line: Int, expected: Int)
  /// A byte that is no token of its own, so that texts with it could not be encoded.
  case missingByte(UInt8)
  /// Two ranks have the same bytes.
  case repeatedToken(rank: Int, first: Int)
}

extension TokenVocabularyError: CustomStringConvertible {
  /// What is wrong, and where.
  package var description: String {
    switch self {
    case .malformedLine(let line):
      "line \(line) of the vocabulary is not a token in base64, a blank and a rank"
    case .unexpectedRank(let rank, let line, let expected):
      "line \(line) of the vocabulary holds rank \(rank), expected \(expected): ranks count from 0"
    case .missingByte(let byte):
      "the vocabulary has no token for the single byte \(byte); it needs one for each of the 256"
    case .repeatedToken(let rank, let first):
      "ranks \(first) and \(rank) of the vocabulary are the same token"
    }
  }
}

/// A vocabulary that is in no cache folder and could not be fetched.
package struct TokenVocabularyUnavailable: Error, Sendable {
  /// What went wrong, in the order in which it did; a file that is just not there is none of it.
  package let problems: [TokenVocabularyProblem]
  private let cache: TokenVocabularyCache

  init(cache: TokenVocabularyCache, problems: [TokenVocabularyProblem]) {
    self.cache = cache
    self.problems = problems
  }
}

extension TokenVocabularyUnavailable: CustomStringConvertible {
  /// What failed, what was found, and where to put the file by hand.
  package var description: String {
    let file = cache.file
    let found =
      problems.isEmpty
      ? "no cache folder has it, and nothing is to fetch it"
      : problems.map(\.description).joined(separator: "; ")
    let next =
      cache.paths.first.map { "put \(file.address) there as \($0)" }
      ?? "name a cache folder that has \(file.address) as \(file.cacheName)"
    return "no vocabulary to count the tokens of \(file.name) with: \(found); \(next)"
  }
}

/// Something that went wrong on the way to a vocabulary, which may be there all the same.
package enum TokenVocabularyProblem: Error, Sendable, Hashable {
  /// What a path or an address held is not the file: another size.
  case wrongSize(place: String, found: Int, expected: Int)
  /// What a path or an address held is not the file: another SHA-256.
  case wrongHash(place: String, found: String, expected: String)
  /// A path or an address could not be read.
  case unreadable(place: String, reason: String)
  /// What was fetched could not be kept.
  case unwritable(path: String, reason: String)
}

extension TokenVocabularyProblem: CustomStringConvertible {
  /// What is wrong, and where.
  package var description: String {
    switch self {
    case .wrongSize(let place, let found, let expected):
      "\(place) holds \(found) bytes, expected \(expected)"
    case .wrongHash(let place, let found, let expected):
      "\(place) has SHA-256 \(found), expected \(expected)"
    case .unreadable(let place, let reason):
      "\(place) could not be read: \(reason)"
    case .unwritable(let path, let reason):
      "\(path) could not be written: \(reason)"
    }
  }
}
