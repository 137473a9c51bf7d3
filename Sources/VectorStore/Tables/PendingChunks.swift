// The chunks that a document brought, as they are kept while the document waits for its vectors.

import Foundation
import VectorStoreSearch

/// The column `chunks` of `pending_documents`: a JSON object of the vectors' space and the chunks.
enum PendingChunks {
  private struct Form: Codable {
    /// The name of the space of all vectors.
    var space: String
    var chunks: [Chunk]
  }

  private struct Chunk: Codable {
    var text: String?
    var start: Int?
    var end: Int?
    var line: Int?
    /// float32, little-endian, unit length, in base64.
    var vector: Data?
    var norm: Double?
  }

  /// The chunks as they are stored.
  static func encode(_ chunks: [CutChunk], space: EmbeddingSpace) throws -> String {
    let chunks = chunks.map {
      Chunk(
        text: $0.text, start: $0.range?.lowerBound, end: $0.range?.upperBound, line: $0.line,
        vector: $0.vector?.data, norm: $0.vector?.norm)
    }
    let form = Form(space: space.name, chunks: chunks)
    return String(decoding: try JSONEncoder().encode(form), as: UTF8.self)
  }

  /// The stored chunks, with their vectors if these are of a space; nil if they cannot be a document's.
  static func decode(_ text: String, space: EmbeddingSpace) -> [CutChunk]? {
    guard let form = try? JSONDecoder().decode(Form.self, from: Data(text.utf8)) else { return nil }
    let isOfSpace = form.space == space.name
    var chunks: [CutChunk] = []
    for form in form.chunks {
      var chunk = CutChunk(
        text: form.text, textHash: form.text.map(TextHash.of), range: nil, line: form.line)
      if let start = form.start, let end = form.end {
        guard 0 <= start, start <= end else { return nil }
        chunk.range = start..<end
      }
      guard form.text != nil || form.vector != nil else { return nil }
      if let data = form.vector, isOfSpace {
        guard let norm = form.norm, data.count == 4 * space.dimensions,
          UnitVector.isUnitLength(data.withUnsafeBytes { Kernels.norm(ofUnaligned: $0) })
        else { return nil }
        chunk.vector = StoredVector(data: data, norm: norm)
      }
      chunks.append(chunk)
    }
    return chunks.isEmpty ? nil : chunks
  }
}
