// YAML nodes → metadata values. Called by FrontMatter, which parses the YAML.

internal import Yams

/// Turns the nodes of one YAML block into metadata values, with a limit on their number.
struct FrontMatterReader {
  /// Values read so far.
  ///
  /// Aliases make one node stand for many values.
  private var count = 0
  private static let maximumValues = 10_000

  /// The values of a mapping by name.
  ///
  /// Keys that are not strings count by their spelling.
  ///
  /// - Throws: ``FrontMatterError`` for a key that is a list or a mapping, and for too many values.
  mutating func object(_ mapping: Node.Mapping) throws -> [String: MetadataValue] {
    var object: [String: MetadataValue] = [:]
    for (key, node) in mapping {
      guard case .scalar(let name) = key else {
        throw FrontMatterError(line: key.mark?.line ?? 1, message: "a key is not a name")
      }
      object[name.string] = try value(node)
    }
    return object
  }

  private mutating func value(_ node: Node) throws -> MetadataValue {
    count += 1
    guard count <= Self.maximumValues else {
      throw FrontMatterError(
        line: node.mark?.line ?? 1, message: "more than \(Self.maximumValues) values")
    }
    switch node {
    case .scalar(let scalar): return Self.value(scalar)
    case .sequence(let sequence): return .array(try sequence.map { try value($0) })
    case .mapping(let mapping): return .object(try object(mapping))
    case .alias: return .null  // Yams's parser puts the anchor's node in an alias's place.
    }
  }

  private static func value(_ scalar: Node.Scalar) -> MetadataValue {
    guard scalar.style == .plain, scalar.tag.description.isEmpty else {
      return .string(scalar.string)
    }
    switch scalar.string {
    case "", "~", "Null", "NULL": return .null
    case "True", "TRUE": return .bool(true)
    case "False", "FALSE": return .bool(false)
    default: return timestamp(scalar.string) ?? MetadataValue(typed: scalar.string)
    }
  }

  /// Made once, since making it takes longer than most blocks take to read. Unsafe only by its type: a
  /// Regex never changes, and its program is compiled under an atomic.
  private nonisolated(unsafe) static let form =
    #/(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(\.\d+)?[ \t]*(Z|z|[-+]\d\d?(?::?\d\d)?)?/#
    .asciiOnlyDigits()

  /// A date with a time, in YAML 1.1's looser spellings (https://yaml.org/type/timestamp.html),
  /// as ISO 8601; nil for all else, days that do not exist included.
  private static func timestamp(_ text: String) -> MetadataValue? {
    guard text.utf8.count >= 14, text.utf8.dropFirst(4).first == UInt8(ascii: "-") else {
      return nil
    }
    guard let match = text.wholeMatch(of: form)?.output else { return nil }
    let date = [match.2, match.3].map(twoDigits)
    let time = [match.4, match.5, match.6].map(twoDigits)
    guard "01"..."12" ~= date[0], "01"..."31" ~= date[1], time[0] < "24", time[1] < "60",
      time[2] <= "60"
    else { return nil }
    let day = ([String(match.1)] + date).joined(separator: "-")
    let clock = time.joined(separator: ":") + (match.7.map(String.init) ?? "")
    return .string("\(day)T\(clock)\(match.8.map(offset) ?? "")")
  }

  /// A zone as ISO 8601 writes it: `Z`, or a sign, hours and minutes.
  private static func offset(_ zone: Substring) -> String {
    guard let sign = zone.first, sign == "+" || sign == "-" else { return "Z" }
    let digits = zone.dropFirst().filter { $0 != ":" }
    let hours = digits.count > 2 ? digits.dropLast(2) : digits[...]
    let minutes = digits.count > 2 ? digits.suffix(2) : "00"
    return "\(sign)\(twoDigits(hours)):\(minutes)"
  }

  private static func twoDigits(_ number: Substring) -> String {
    number.count == 1 ? "0\(number)" : String(number)
  }
}

extension FrontMatterError {
  /// Says a YAML error in one line.
  ///
  /// Yams counts lines from the `---`, which is the file's first.
  init(_ error: YamlError) {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      self.init(line: mark.line, message: problem)
    case .reader(let problem, let offset, _, let yaml):
      let before = yaml.prefix(offset ?? 0)
      self.init(line: 1 + before.lazy.filter(\.isNewline).count, message: problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.map { "\"\($0)\"" }.joined(separator: ", ")
      self.init(line: context.mark.line, message: "key \(names) is there twice")
    default:
      self.init(line: 1, message: "not valid YAML")
    }
  }
}
