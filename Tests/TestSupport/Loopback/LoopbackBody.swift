// Writes the JSON of an answer with vectors, right or broken by a fault. Called by LoopbackResponder
// outside the server's lock: it is the hot path of throughput tests.

import NIOCore

/// An answer with vectors.
struct LoopbackBody: Sendable {
  var texts: [String]
  var model: String
  var dimensions: Int
  var form: LoopbackVectors.Form
  var tokens: Int
  var change: LoopbackFault.BodyChange?

  private struct Item {
    enum Value {
      /// The vector of a text.
      case text(String)
      case vector([Float])
      case null
    }

    var index: Int?
    var value: Value
  }

  /// The JSON.
  func bytes() -> ByteBuffer {
    let vectors = LoopbackVectors.of(dimensions)
    let items = changed(texts.enumerated().map { Item(index: $0, value: .text($1)) }, vectors)
    let perItem = 80 + (form == .base64 ? dimensions * 16 / 3 + 4 : dimensions * 13)
    var buffer = ByteBufferAllocator().buffer(capacity: 200 + items.count * perItem)
    buffer.writeStaticString("{\"object\":\"list\",\"data\":[")
    for (position, item) in items.enumerated() {
      write(item, isFirst: position == 0, vectors, to: &buffer)
    }
    buffer.writeString("],\"model\":\(LoopbackRefusal.quoted(model))")
    if change != .missingUsage {
      buffer.writeString(",\"usage\":{\"prompt_tokens\":\(tokens),\"total_tokens\":\(tokens)}")
    }
    buffer.writeStaticString("}")
    if change == .halfJSON {
      return buffer.readSlice(length: buffer.readableBytes / 2) ?? buffer
    }
    return buffer
  }

  private func write(
    _ item: Item, isFirst: Bool, _ vectors: LoopbackVectors, to buffer: inout ByteBuffer
  ) {
    buffer.writeString("\(isFirst ? "" : ",")\n{\"object\":\"embedding\"")
    if let index = item.index { buffer.writeString(",\"index\":\(index)") }
    buffer.writeStaticString(",\"embedding\":")
    if case .null = item.value {
      buffer.writeStaticString("null}")
      return
    }
    buffer.writeString(form == .base64 ? "\"" : "[")
    switch item.value {
    case .text(let text): vectors.write(text, as: form, to: &buffer)
    case .vector(let vector): buffer.writeBytes(LoopbackVectors.written(vector, as: form))
    case .null: break
    }
    buffer.writeString(form == .base64 ? "\"}" : "]}")
  }

  /// The items as the fault leaves them. Where one is at fault it is the last.
  private func changed(_ right: [Item], _ vectors: LoopbackVectors) -> [Item] {
    guard let change, let last = texts.last else { return right }
    var items = right
    let end = items.count - 1
    switch change {
    case .value(let value):
      var vector = vectors.vector(for: last)
      vector[vector.count / 2] = value
      items[end].value = .vector(vector)
    case .zeroVector: items[end].value = .vector([Float](repeating: 0, count: dimensions))
    case .notUnit: items[end].value = .vector(vectors.vector(for: last).map { 2 * $0 })
    case .wrongDimensions:
      let half = LoopbackVectors.of(max(1, dimensions / 2))
      for (position, text) in texts.enumerated() {
        items[position].value = .vector(half.vector(for: text))
      }
    case .null: items[end].value = .null
    case .wrongCount: items.removeLast()
    case .duplicateIndex:
      if end == 0 { items.append(items[0]) } else { items[end].index = 0 }
    case .missingIndex: items[end].index = nil
    case .indexOutOfRange: items[end].index = items.count
    case .outOfOrder: items.reverse()
    case .floats, .halfJSON, .missingUsage: break
    }
    return items
  }
}
