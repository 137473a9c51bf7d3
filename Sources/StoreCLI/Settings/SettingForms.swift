// The forms of settings: which texts each takes, what they mean, and how a value is written.

import Foundation
import VectorStore

/// What texts a setting takes, and what they mean.
struct SettingForm<Value: SettingValue>: Sendable {
  /// What is expected, for messages.
  let expected: String
  /// The value of a text, or nil if it is not of this form.
  let parse: @Sendable (String) -> Value?
  /// Whether a wrong text may be shown.
  var shows: @Sendable (String) -> Bool = { _ in true }
  /// Whether the text is meant to be a key; any other one that holds a key is wrong.
  var isKey = false
}

extension SettingForm where Value: Comparable & Hashable {
  /// The same texts, as the most that may be used.
  var asLimit: SettingForm<SpendingLimit<Value>> {
    let parse = parse
    return SettingForm<SpendingLimit<Value>>(
      expected: expected, parse: { parse($0).map(SpendingLimit.atMost) }, shows: shows)
  }
}

extension SettingForm<TokenPrice> {
  /// Dollars for a million tokens.
  static var price: Self {
    let dollars = SettingForm<NanoDollars>.dollars
    return Self(
      expected: dollars.expected,
      parse: { dollars.parse($0).map(TokenPrice.init(perMillionTokens:)) })
  }
}

extension SettingForm<Int> {
  /// A whole number in digits, within a range.
  static func wholeNumber(_ range: ClosedRange<Int>) -> Self {
    Self(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
      guard isDigits(text), let number = Int(text), range.contains(number) else { return nil }
      return number
    }
  }
}

extension SettingForm<Double> {
  /// Seconds in decimal digits, above 0.
  static func seconds(upTo maximum: Double) -> Self {
    let expected = "a number of seconds above 0 and at most \(maximum.settingText), as 30 or 2.5"
    return Self(expected: expected) { text in
      let parts = text.split(separator: ".", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), parts.allSatisfy(isDigits), let seconds = Double(text),
        seconds > 0, seconds <= maximum
      else { return nil }
      return seconds
    }
  }
}

extension SettingForm<NanoDollars> {
  /// Dollars as a decimal number, exactly.
  static var dollars: Self {
    Self(
      expected:
        "US dollars as a decimal number without a sign and with at most 9 decimals, as 5.00",
      parse: { try? NanoDollars(usd: $0) })
  }
}

extension SettingForm<Bool> {
  /// Yes or no.
  static var truth: Self {
    Self(expected: "true or false (or 1, 0, yes, no)") { text in
      switch text.lowercased() {
      case "true", "1", "yes": true
      case "false", "0", "no": false
      default: nil
      }
    }
  }
}

extension SettingForm<ServiceMode> {
  static var mode: Self {
    Self(expected: "REAL, MOCK or HYBRID") { ServiceMode(rawValue: $0.uppercased()) }
  }
}

extension SettingForm<ServiceAddress> {
  /// An address of a server. A wrong one with a user, query or fragment may hold a password.
  static var address: Self {
    Self(
      expected:
        "an address such as https://api.openai.com or http://localhost:8080/v1, without a "
        + "user or a fragment, a query only after /embeddings, and with https for OpenAI's own",
      parse: { try? ServiceAddress($0) }, shows: { !$0.contains { "@?#".contains($0) } })
  }
}

extension SettingForm<ServiceAddress> {
  /// An address of a server of rerankers.
  static var rerankAddress: Self {
    let form = address
    return Self(
      expected:
        "an address such as https://api.jina.ai/v1/rerank or http://localhost:8080, without a "
        + "user, a query or a fragment", parse: form.parse, shows: form.shows)
  }
}

extension SettingForm<ServiceAddress> {
  /// An address of LlamaParse.
  static var parseAddress: Self {
    let form = address
    return Self(
      expected:
        "an address such as https://api.cloud.llamaindex.ai, without a user, a query or a fragment",
      parse: form.parse, shows: form.shows)
  }
}

extension SettingForm<HiddenText> {
  /// A key. Its text is never shown.
  static var key: Self {
    Self(
      expected: "a key of visible ASCII characters without spaces",
      parse: { isVisibleASCII($0) ? HiddenText($0) : nil }, shows: { _ in false }, isKey: true)
  }
}

extension HiddenText {
  /// The fewest characters of a token of `store serve`.
  static let tokenLength = 16
}

extension SettingForm<HiddenText> {
  /// What requests to `store serve` have to carry. Its text is never shown.
  static var token: Self {
    Self(
      expected: "at least \(HiddenText.tokenLength) visible ASCII characters without spaces",
      parse: {
        isVisibleASCII($0) && $0.utf8.count >= HiddenText.tokenLength ? HiddenText($0) : nil
      }, shows: { _ in false }, isKey: true)
  }
}

extension SettingForm<String> {
  /// What goes into a header of a request.
  static var identifier: Self {
    Self(expected: "visible ASCII characters without spaces") { isVisibleASCII($0) ? $0 : nil }
  }

  static var header: Self {
    Self(expected: "a header such as api-key, or Authorization: Bearer") { text in
      var configuration = OpenAIConfiguration()
      configuration.keyHeader = text
      return (try? configuration.resolvedKeyHeader) == nil ? nil : text
    }
  }

  static var jsonObject: Self {
    Self(
      expected: "a JSON object of other fields than input, model, encoding_format and dimensions"
    ) {
      var configuration = OpenAIConfiguration()
      configuration.extraBody = $0
      return (try? configuration.extraMembers) == nil ? nil : $0
    }
  }

  /// Words before each text. Nobody can type the end of a line into a variable, so `\n` is one.
  static var prefix: Self {
    Self(expected: "words to stand before each text, at most 4096 bytes, \\n for the end of a line")
    {
      let text = $0.replacing("\\n", with: "\n")
      return (try? EmbeddingRoles(query: EmbeddingRole(prefix: text)).validate()) == nil
        ? nil : text
    }
  }

  /// How well documents are parsed.
  static var tier: Self {
    let tiers = LlamaParseConfiguration.tiers
    return Self(expected: "one of \(tiers.joined(separator: ", "))") {
      tiers.contains($0.lowercased()) ? $0.lowercased() : nil
    }
  }

  static var model: Self {
    Self(expected: "the name of a model, without spaces") { text in
      let isName = text.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .control
      }
      return isName ? text : nil
    }
  }

  /// The first part of a space's name, in small letters. `mock` is the name of the mock service.
  static var provider: Self {
    Self(expected: "a name of letters, digits and . _ - : that is not \"mock\"") { text in
      let isName = text.utf8.allSatisfy { isLetterOrDigit($0) || "._-:[]".utf8.contains($0) }
      return isName && text.lowercased() != "mock" ? text.lowercased() : nil
    }
  }

  /// The address of a server of models.
  static var modelServer: Self {
    Self(
      expected: "an address such as https://huggingface.co",
      parse: { text in
        let isAddress = text.hasPrefix("https://") || text.hasPrefix("http://")
        return isAddress && (try? ServiceAddress(text)) != nil ? text : nil
      }, shows: { !$0.contains { "@?#".contains($0) } })
  }

  /// A path. `~` is for a shell to expand; here it would name a folder called `~`.
  static var path: Self {
    Self(expected: "a path without ~ at its start, which only a shell expands") {
      $0.hasPrefix("~") ? nil : $0
    }
  }
}

extension SettingForm<EmbeddingRoles> {
  /// How a family of models tells questions and documents apart.
  static var roles: Self {
    Self(expected: "none, or one of \(EmbeddingRoles.families.joined(separator: ", "))") {
      $0.lowercased() == "none" ? EmbeddingRoles.none : EmbeddingRoles(family: $0)
    }
  }
}

extension SettingForm<Set<String>> {
  /// The endings of files' names.
  static var fileTypes: Self {
    Self(expected: "endings of files' names with commas between them, as pdf,docx, or all") {
      text in
      let types = text.lowercased().split(separator: ",").map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " ."))
      }
      let areTypes = types.allSatisfy { !$0.isEmpty && $0.utf8.allSatisfy(isLetterOrDigit) }
      return areTypes && !types.isEmpty ? Set(types) : nil
    }
  }
}

extension SettingForm<[String: String]> {
  /// Fields of a request, with texts as values.
  static var fields: Self {
    Self(expected: "a JSON object of texts, such as {\"input_type\": \"query\"}") {
      guard let fields = texts(of: $0) else { return nil }
      let roles = EmbeddingRoles(query: EmbeddingRole(fields: fields))
      return (try? roles.validate()) == nil ? nil : fields
    }
  }

  /// Headers of a request. They may hold a key of a gateway's.
  static var headers: Self {
    Self(
      expected: "a JSON object of headers in visible ASCII, such as {\"x-team\": \"search\"}",
      parse: {
        var configuration = OpenAIConfiguration()
        configuration.extraHeaders = texts(of: $0) ?? ["": ""]
        return (try? configuration.extraMembers) == nil ? nil : configuration.extraHeaders
      }, shows: { _ in false })
  }

  private static func texts(of json: String) -> [String: String]? {
    try? JSONDecoder().decode([String: String].self, from: Data(json.utf8))
  }
}

private func isDigits(_ text: some StringProtocol) -> Bool {
  !text.isEmpty && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
}

private func isVisibleASCII(_ text: String) -> Bool {
  text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "a")...UInt8(ascii: "z"):
    true
  default: false
  }
}

/// What a setting can be.
protocol SettingValue: Sendable {
  /// The value as it is written in a setting.
  var settingText: String { get }
}

extension Int: SettingValue {
  var settingText: String { String(self) }
}

extension Double: SettingValue {
  var settingText: String {
    let text = String(self)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Bool: SettingValue {
  var settingText: String { String(self) }
}

extension String: SettingValue {
  var settingText: String { self }
}

extension EmbeddingRoles: SettingValue {
  var settingText: String { description }
}

extension [String: String]: SettingValue {
  /// The names only: a header may hold a key.
  var settingText: String { keys.sorted().joined(separator: ", ") }
}

extension Set<String>: SettingValue {
  /// The words in their order.
  var settingText: String {
    isEmpty ? "what nothing here reads" : sorted().joined(separator: ",")
  }
}

extension HiddenText: SettingValue {
  /// Only that there is one.
  var settingText: String { "present" }
}

extension ServiceMode: SettingValue {
  var settingText: String { rawValue }
}

extension NanoDollars: SettingValue {
  var settingText: String { String(description.dropFirst()) }
}

extension TokenPrice: SettingValue {
  var settingText: String { perMillionTokens.settingText }
}

extension SpendingLimit: SettingValue where Amount: SettingValue {
  var settingText: String { amount?.settingText ?? "unlimited" }
}

extension ServiceAddress: SettingValue {
  var settingText: String { description }
}
