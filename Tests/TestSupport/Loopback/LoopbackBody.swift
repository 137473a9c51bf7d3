// Writes the JSON of an answer with vectors, right or broken by a fault. Called by LoopbackResponder
// outside the server's lock: it is the hot path of throughput tests.

/// An answer with vectors.
struct LoopbackBody: Sendable {
  var texts: [String]
  var model: String
  var dimensions: Int
  var form: LoopbackVectors.Form
  var tokens: Int
  var change: LoopbackFault.BodyChange?
  var written = LoopbackPersonality.Answer()

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
  func bytes() -> [UInt8] {
    let vectors = LoopbackVectors.of(dimensions)
    let items = changed(texts.enumerated().map { Item(index: $0, value: .text($1)) }, vectors)
    let perItem = 80 + (form == .base64 ? dimensions * 16 / 3 + 4 : dimensions * 13)
    var buffer: [UInt8] = []
    buffer.reserveCapacity(200 + items.count * perItem)
    if written.startsWithMark { buffer += ("\u{FEFF}").utf8 }
    buffer += ("{\"object\":\"list\",\"data\":[").utf8
    for (position, item) in items.enumerated() {
      write(item, isFirst: position == 0, vectors, to: &buffer)
    }
    buffer += ("],\"model\":\(LoopbackRefusal.quoted(written.model ?? model))").utf8
    if change != .missingUsage { buffer += (usage).utf8 }
    buffer += (written.extra + "}").utf8
    if change == .halfJSON {
      return Array(buffer[..<(buffer.count / 2)])
    }
    return written.isCompressed ? Self.gzip(buffer) : buffer
  }

  /// Bytes in gzip's form (RFC 1952), in blocks that are stored as they are.
  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    func number(_ value: UInt32, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]
    var start = 0
    repeat {
      let block = bytes[start..<min(bytes.count, start + 65_535)]
      start += block.count
      result.append(start == bytes.count ? 1 : 0)
      result += number(UInt32(block.count), 2) + number(~UInt32(block.count), 2) + block
    } while start < bytes.count
    var sum: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return result + number(~sum, 4) + number(UInt32(truncatingIfNeeded: bytes.count), 4)
  }

  private func write(
    _ item: Item, isFirst: Bool, _ vectors: LoopbackVectors, to buffer: inout [UInt8]
  ) {
    buffer += ("\(isFirst ? "" : ",")\n{\"object\":\"embedding\"").utf8
    buffer += (index(item)).utf8
    buffer += (",\"embedding\":").utf8
    if case .null = item.value {
      buffer += ("null}").utf8
      return
    }
    buffer += (form == .base64 ? "\"" : "[").utf8
    switch item.value {
    case .text(let text) where written.length != 1 || written.isWhole:
      let vector = vectors.vector(for: text).map { component in
        written.isWhole ? (component * 1000).rounded() : component * written.length
      }
      if written.isWhole, form == .numbers {
        buffer += (vector.map { "\(Int($0))" }.joined(separator: ",")).utf8
      } else {
        buffer += LoopbackVectors.written(vector, as: form)
      }
    case .text(let text): vectors.write(text, as: form, to: &buffer)
    case .vector(let vector): buffer += LoopbackVectors.written(vector, as: form)
    case .null: break
    }
    buffer += (form == .base64 ? "\"}" : "]}").utf8
  }

  private func index(_ item: Item) -> String {
    guard let index = item.index else { return "" }
    switch written.index {
    case .number: return ",\"index\":\(index)"
    case .text: return ",\"index\":\"\(index)\""
    case .null: return ",\"index\":null"
    case .absent: return ""
    case .absentIfZero: return index == 0 ? "" : ",\"index\":\(index)"
    }
  }

  private var usage: String {
    func numbers(_ text: String) -> String {
      ",\"usage\":{\"prompt_tokens\":\(text),\"total_tokens\":\(text)}"
    }
    switch written.usage {
    case .right: return numbers("\(tokens)")
    case .absent: return ""
    case .null: return ",\"usage\":null"
    case .zero: return numbers("0")
    case .text: return numbers("\"many\"")
    case .characters: return numbers("\(texts.reduce(0) { $0 + $1.count })")
    case .absurd: return numbers("123456789012")
    }
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
