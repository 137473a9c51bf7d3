// Writes documents as JSONL, to a file that appears whole or to whatever takes bytes. Called by the
// store's export; calls JSONText and AtomicFile.

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
  ///   - vector: the stored vector, or nil.
  ///   - norm: the length that the vector came with.
  /// - Throws: ``InterchangeError``: `notFinite` for NaN and infinity (the line is not written then,
  ///   and writing may go on), and `cannotWrite`.
  package func append(
    id: String, text: String?, vector: [Float]?, metadata: [String: MetadataValue], norm: Double
  ) throws(InterchangeError) {
    let start = self.text.bytes.count
    line += 1
    do throws(JSONText.NotFinite) {
      try appendLine(id: id, text: text, vector: vector, metadata: metadata, norm: norm)
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

  private func appendLine(
    id: String, text: String?, vector: [Float]?, metadata: [String: MetadataValue], norm: Double
  ) throws(JSONText.NotFinite) {
    self.text.append(raw: "{\"id\":")
    self.text.append(string: id)
    self.text.append(raw: ",\"text\":")
    if let text {
      self.text.append(string: text)
    } else {
      self.text.append(raw: "null")
    }
    if let vector {
      self.text.append(raw: ",\"vector\":")
      let outcome = vector.withUnsafeBufferPointer { floats in
        Result { () throws(JSONText.NotFinite) in try self.text.append(floats: floats) }
      }
      try outcome.get()
    }
    self.text.append(raw: ",\"metadata\":")
    try self.text.append(object: metadata)
    if norm != 1 {
      self.text.append(raw: ",\"norm\":")
      try self.text.append(number: norm)
    }
    self.text.append(raw: "}\n")
  }

  private func flush() throws(InterchangeError) {
    let outcome = text.bytes.withUnsafeBytes { bytes in
      Result { () throws(InterchangeError) in try sink(bytes) }
    }
    try outcome.get()
    text.removeAll()
  }
}
