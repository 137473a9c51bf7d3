// Metadata as the tables hold it: one JSON object with sorted keys, so that equal metadata is equal
// text. Called by the tables and by the readers of documents; calls Interchange/'s JSON.

enum MetadataJSON {
  /// Metadata as text.
  ///
  /// - Throws: ``StoreError/Code/invalidArgument`` for NaN and infinity, which JSON cannot say.
  static func encode(_ metadata: [String: MetadataValue]) throws -> String {
    if metadata.isEmpty { return "{}" }
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
