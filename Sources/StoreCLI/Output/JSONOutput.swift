// JSON on standard output: one object a line, keys in a fixed order; and JSON in messages.

import Foundation
import VectorStore

enum JSONOutput {
  /// Writes a value as one line.
  static func write(_ value: some Encodable) throws {
    Terminal.standardOutput.write(try line(value))
  }

  /// A value as one line. What could steer a terminal is escaped, which JSON allows for any character.
  static func line(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(Format.timestamp(date))
    }
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = String(decoding: try encoder.encode(value), as: UTF8.self)
    guard json.unicodeScalars.contains(where: \.steersTerminals) else { return json + "\n" }
    var escaped = String.UnicodeScalarView()
    for scalar in json.unicodeScalars {
      if scalar.steersTerminals {
        escaped.append(contentsOf: scalar.escapedInJSON.unicodeScalars)
      } else {
        escaped.append(scalar)
      }
    }
    return String(escaped) + "\n"
  }
}

/// Any JSON value, as messages of the Model Context Protocol and of HTTP hold them.
typealias JSONValue = MetadataValue

extension JSONValue {
  /// What a value is as the command's JSON.
  init(encoding value: some Encodable) throws {
    self = try JSONDecoder().decode(JSONValue.self, from: Data(try JSONOutput.line(value).utf8))
  }
}
