// Writes documents as JSONL, to a file that appears whole or to whatever takes bytes.

package import Foundation

/// JSONL in the making: one document a line, as ``JSONLReader`` reads it.
///
///     let writer = try JSONLWriter(path: "documents.jsonl")
///     try writer.append(id: "a.md", text: "…", vector: row, metadata: [:], norm: 1)
///     try writer.finish()
///
/// Each line has `id`, `text` (null where there is none), `vector` (left out where there is none),
/// `metadata`, and `norm` where it is not 1, in this order: the same document makes the same bytes.
package final class JSONLWriter {
  private static let bufferBytes = 1 << 18

  private let name: String
  private let file: AtomicFile?
  private let sink: (UnsafeRawBufferPointer) throws(InterchangeError) -> Void
  private var text = JSONText()
  private var line = 0

  /// Writes to a temporary file beside `path`, which ``finish()`` moves to its place.
  ///
  /// - Throws: ``InterchangeError/Code/cannotWrite``.
  package init(path: String) throws(InterchangeError) {
    let file = try AtomicFile(path: path)
    self.file = file
    name = path
    sink = { bytes throws(InterchangeError) in try file.write(bytes) }
  }

  /// Writes to a handle that is open, such as standard output, and leaves it open.
  ///
  /// - Parameter name: what messages call it.
  package init(handle: FileHandle, name: String = "standard output") {
    self.name = name
    file = nil
    text.isForTerminals = true
    sink = { bytes throws(InterchangeError) in
      do {
        try handle.write(contentsOf: Data(bytes))
      } catch {
        throw InterchangeError(
          .cannotWrite, file: name, found: "\"\(error.localizedDescription)\"",
          expected: "room to write", advice: "check what reads it")
      }
    }
  }

  /// Appends one document.
  ///
  /// - Parameters:
  ///   - content: the text, or nil.
  ///   - vector: the stored vector, or nil.
  ///   - norm: the length that the vector came with.
  /// - Throws: ``InterchangeError``: `notFinite` for NaN and infinity (the line is not written then,
  ///   and writing may go on), and `cannotWrite`.
  package func append(
    id: String, text content: String?, vector: [Float]?, metadata: [String: MetadataValue],
    norm: Double
  ) throws(InterchangeError) {
    try append { text throws(JSONText.NotFinite) in
      text.append(raw: "{\"id\":")
      text.append(string: id)
      text.append(raw: ",\"text\":")
      try text.append(content, vector: vector, metadata: metadata, norm: norm)
      text.append(raw: "}\n")
    }
  }

  /// Appends one chunk of a document, as other programs want it: with an id of its own, the document's
  /// name and its place there.
  ///
  /// - Throws: as ``append(id:text:vector:metadata:norm:)``.
  package func append(
    chunk: ImportedDocument.ChunkPlace, of source: String, isOnly: Bool, text content: String?,
    vector: [Float]?, metadata: [String: MetadataValue], norm: Double, space: String
  ) throws(InterchangeError) {
    try append { text throws(JSONText.NotFinite) in
      text.append(raw: "{\"id\":")
      text.append(string: isOnly ? source : "\(source)#\(chunk.ordinal)")
      text.append(raw: ",\"source\":")
      text.append(string: source)
      for (name, number) in [
        (",\"chunk\":", chunk.ordinal), (",\"start\":", chunk.start), (",\"end\":", chunk.end),
        (",\"line\":", chunk.line),
      ] as [(StaticString, Int?)] {
        guard let number else { continue }
        text.append(raw: name)
        text.append(whole: number)
      }
      text.append(raw: ",\"space\":")
      text.append(string: space)
      text.append(raw: ",\"text\":")
      try text.append(content, vector: vector, metadata: metadata, norm: norm)
      text.append(raw: "}\n")
    }
  }

  /// Appends a document with all that a store has of it.
  ///
  /// - Throws: as ``append(id:text:vector:metadata:norm:)``.
  package func append(
    document id: String, text content: String?, metadata: [String: MetadataValue], space: String,
    _ parts: StoredParts
  ) throws(InterchangeError) {
    try append { text throws(JSONText.NotFinite) in
      try text.append(document: id, text: content, metadata: metadata, space: space, parts)
    }
  }

  private func append(
    _ write: (inout JSONText) throws(JSONText.NotFinite) -> Void
  ) throws(InterchangeError) {
    let start = self.text.bytes.count
    line += 1
    do throws(JSONText.NotFinite) {
      try write(&text)
    } catch {
      self.text.truncate(to: start)
      line -= 1
      throw InterchangeError(
        .notFinite, file: name, line: line + 1, found: "NaN or infinity in a document's numbers",
        expected: "finite numbers", advice: "remove or correct the document")
    }
    if self.text.bytes.count >= Self.bufferBytes { try flush() }
  }

  /// Writes what is left, and moves a file to its place.
  ///
  /// - Throws: ``InterchangeError/Code/cannotWrite``. No file is left behind then.
  package func finish() throws(InterchangeError) {
    try flush()
    try file?.commit()
  }

  private func flush() throws(InterchangeError) {
    let outcome = text.bytes.withUnsafeBytes { bytes in
      Result { () throws(InterchangeError) in try sink(bytes) }
    }
    try outcome.get()
    text.removeAll()
  }
}

extension JSONText {
  /// Appends a text, after the name of its field, and what follows it.
  fileprivate mutating func append(
    _ content: String?, vector: [Float]?, metadata: [String: MetadataValue], norm: Double
  ) throws(NotFinite) {
    if let content { append(string: content) } else { append(raw: "null") }
    if let vector {
      append(raw: ",\"vector\":")
      let outcome = vector.withUnsafeBufferPointer { floats in
        Result { () throws(NotFinite) in try append(floats: floats) }
      }
      try outcome.get()
    }
    append(raw: ",\"metadata\":")
    try append(object: metadata)
    if norm != 1 {
      append(raw: ",\"norm\":")
      try append(number: norm)
    }
  }
}
