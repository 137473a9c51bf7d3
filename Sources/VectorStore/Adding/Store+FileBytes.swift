// A document out of the bytes of a file that is not on this machine's disk, as one that was uploaded.

package import Foundation
import VectorStoreText

extension Store {
  /// Reads the bytes of a file as ``add(paths:to:options:progress:)`` would: by a parser of its kind, or as text.
  ///
  /// - Parameter name: its name, whose ending says what it is; the document's source.
  /// - Throws: ``StoreError`` with `empty` or `notText`.
  /// - Complexity: O(n) in the bytes; some kinds are read by programs, which takes seconds.
  package func document(ofFile bytes: Data, named name: String) async throws -> Document {
    guard !name.isEmpty, !bytes.isEmpty else {
      throw StoreError(.empty, "the file \(name) is empty; there is nothing to add")
    }
    return try await file.work {
      do {
        guard let parser = ParserTable.builtIn.parser(of: name, start: bytes.prefix(1024)) else {
          return Document(id: name, text: try TextDecoder.decode(bytes))
        }
        var parsed = try parser.parse(ParsedFile(bytes: bytes, name: name))
        parsed.text.unicodeScalars.removeAll { $0 == "\0" }
        return Document(
          id: name, text: parsed.text, format: parsed.format, metadata: parsed.metadata)
      } catch {
        throw StoreError(.notText, "\(name) cannot be added: \(error)", underlying: error)
      }
    }
  }
}
