// What the words of a refusal say. Servers agree neither on statuses nor on codes: which limit was
// passed, or which field is not known, is often said in the message alone.

/// A limit of a server that a request passed, as far as the server named it.
package enum RequestLimit: Sendable, Hashable {
  /// The texts of a request.
  case texts(Int?)
  /// The tokens of a request.
  case tokens(Int?)
  /// The tokens of one text.
  case textTokens(Int?)

  /// The number that the server named.
  var number: Int? {
    switch self {
    case .texts(let number), .tokens(let number), .textTokens(let number): number
    }
  }
}

/// What the message of a refusal is about, in the words of the servers that are known.
struct RefusalWords {
  private let words: String

  /// Reads a message.
  init(_ message: String?) { words = (message ?? "").lowercased() }

  /// The limit that was passed, with its number if the message names it; nil if it names none.
  var limit: RequestLimit? {
    guard has(Self.sizes) else { return nil }
    if has(["token", "context length", "context window", "context size"])
      || words.hasPrefix("input is too large to process")
    {
      let isWhole = has([
        "batch is", "in batch", "per batch", "submitted batch", "more batches", "per request",
        "overall", "request body", "total number of tokens", "tokens in total", "requested",
        "token count",
      ])
      let isText = has(["context length", "context window", "input (", "physical batch"])
      return isWhole && !isText ? .tokens(number) : .textTokens(number)
    }
    guard has(["batch", "items", "texts", "inputs", "requests", "array", "elements", "list"])
    else { return nil }
    return .texts(number)
  }

  /// Whether the model is not there.
  var isAboutModel: Bool {
    has(["no models loaded", "no model loaded", "invalid model", "unknown model", "try pulling"])
      || has(["model", "deployment"])
        && has(["not found", "not exist", "not loaded", "not been deployed", "no such model"])
  }

  /// Whether the key is wrong.
  var isAboutKey: Bool {
    has(["api key", "api_key", "apikey"])
      && has(["not valid", "invalid", "incorrect", "missing", "expired"])
  }

  /// Whether the form of the vectors is at fault: the field that names it, or base64.
  var isAboutEncoding: Bool { has(["encoding_format", "base64"]) }

  /// Whether a field is refused whatever its value.
  var isUnknownField: Bool {
    has([
      "extra field", "extra input", "not permitted", "unrecognized", "unknown field",
      "unknown parameter", "unexpected", "drop_params",
    ])
  }

  /// Whether the length of the vectors is at fault.
  var isAboutDimensions: Bool { has(["dimensions", "matryoshka", "output_dimension"]) }

  // MARK: - Private

  private static let sizes = [
    "too large", "too long", "too many", "too big", "exceed", "maximum", "max ", "max.", "at most",
    "larger than", "longer than", "more than", "less than", "fewer than", "limit", "supports up to",
  ]

  /// What stands before the number of a limit.
  private static let limits = [
    "at most", "larger than", "longer than", "less than", "fewer than", "more than", "up to",
    "current batch size", "maximum", "max", "limit", "exceed",
  ]

  private func has(_ any: [String]) -> Bool { any.contains { words.contains($0) } }

  /// The first number after a word for a limit, in the order of the words; not further away than a few
  /// words.
  private var number: Int? {
    for word in Self.limits {
      var rest = words[...]
      while let found = rest.firstRange(of: word) {
        rest = rest[found.upperBound...]
        let near = rest.prefix(48)
        guard let start = near.firstIndex(where: { $0.isASCII && $0.isNumber }),
          !near[..<start].contains("got"), !near[..<start].contains("given"),
          !near[..<start].contains("your")
        else { continue }
        let digits = rest[start...].prefix { $0.isASCII && $0.isNumber || $0 == "," }
        let number = Int(digits.filter { $0 != "," })
        if let number, number > 0 { return number }
      }
    }
    return nil
  }
}
