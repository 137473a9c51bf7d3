// Metadata as the tables hold it: one JSON object with sorted keys, so that equal metadata is equal
// text.

import VectorStoreText

enum MetadataJSON {
  /// Metadata as text.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for NaN and infinity, which JSON cannot say, and
  ///   for lists and objects within each other more deeply than ``decode(_:)`` reads.
  static func encode(_ metadata: [String: MetadataValue]) throws(StoreError) -> String {
    if metadata.isEmpty { return "{}" }
    guard isReadable(metadata) else {
      throw StoreError(
        .invalidArgument,
        "the metadata \(metadata.keys.sorted().joined(separator: ", ")) has lists or "
          + "objects more than \(JSONCursor.maximumDepth) deep within each other; at most that many are "
          + "expected")
    }
    var text = JSONText()
    do throws(JSONText.NotFinite) {
      try text.append(object: metadata)
    } catch {
      throw StoreError(
        .invalidArgument,
        "the metadata \(metadata.keys.sorted().joined(separator: ", ")) holds NaN or infinity; finite "
          + "numbers are expected")
    }
    return String(decoding: text.bytes, as: UTF8.self)
  }

  /// Whether metadata is nested no more deeply than it can be read back.
  private static func isReadable(_ metadata: [String: MetadataValue]) -> Bool {
    // Not by recursion: metadata of any depth is to be an error, not a crash.
    var level = Array(metadata.values)
    for _ in 1..<JSONCursor.maximumDepth {
      level = level.flatMap { value -> [MetadataValue] in
        switch value {
        case .array(let values): values
        case .object(let members): Array(members.values)
        case .null, .bool, .integer, .number, .string: []
        }
      }
      if level.isEmpty { return true }
    }
    return level.allSatisfy { value in
      switch value {
      case .array, .object: false
      case .null, .bool, .integer, .number, .string: true
      }
    }
  }

  /// Metadata from text.
  ///
  /// - Throws: ``StoreError/Code/damaged`` for a text that ``encode(_:)`` did not write.
  static func decode(_ json: String) throws -> [String: MetadataValue] {
    if json == "{}" { return [:] }
    var json = json
    do {
      return try json.withUTF8 { bytes in
        guard var cursor = JSONCursor(bytes) else { return [:] }
        return try cursor.object()
      }
    } catch {
      throw StoreError(
        .damaged, "a document's metadata is not a JSON object; \(StoreError.restoringTheStore)",
        underlying: error)
    }
  }
}
