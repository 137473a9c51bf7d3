// Finds the models that `.scripts/models` gets, and what the reference implementations make of texts.

import Foundation

package enum ReferenceModels {
  private static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: ".build/models")

  /// The path of one, `minilm` or `static`, or nil if it is not at hand: for `.enabled(if:)`, which skips in
  /// sight.
  package static func path(_ name: String) -> String? {
    let path = folder.appending(path: name).path
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  /// The rows of a file of references: a text, and a list of numbers.
  package static func rows(_ name: String) throws -> [(text: String, numbers: [Double])] {
    let data = try Data(contentsOf: folder.appending(path: name))
    return try data.split(separator: UInt8(ascii: "\n")).map { line in
      let row = try JSONSerialization.jsonObject(with: line) as? [Any]
      guard let text = row?.first as? String, let numbers = row?.last as? [Double] else {
        throw CocoaError(.propertyListReadCorrupt)
      }
      return (text, numbers)
    }
  }
}
