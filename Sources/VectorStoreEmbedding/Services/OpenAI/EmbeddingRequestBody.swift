// Writes the JSON of a request for embeddings (CreateEmbeddingRequest of the API's description).

/// The body of a request for embeddings.
///
/// Written by hand, which takes a third of the time that Foundation's encoder takes.
struct EmbeddingRequestBody {
  var texts: [String]
  var model: String
  var encoding = RequestForm.Encoding.base64
  /// The dimensions to ask for; nil leaves them to the model.
  var dimensions: Int?
  /// Members of a JSON object beside these, as they are written between its braces; empty are none.
  var extraMembers = ""
  /// What the texts get for their part.
  var role = EmbeddingRole()

  /// The JSON.
  ///
  /// - Complexity: O(bytes of the texts).
  func bytes() -> [UInt8] {
    let marks = role.prefix.utf8.count + 16
    let size = texts.reduce(400) { $0 + $1.utf8.count + marks }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size + size / 16)
    bytes.append(contentsOf: "{\"model\":".utf8)
    bytes.append(json: model)
    if encoding != .unsaid {
      bytes.append(contentsOf: ",\"encoding_format\":\"\(encoding.rawValue)\"".utf8)
    }
    if !extraMembers.isEmpty { bytes.append(contentsOf: ",\(extraMembers)".utf8) }
    for (name, value) in role.fields.sorted(by: { $0.key < $1.key }) {
      bytes.append(UInt8(ascii: ","))
      bytes.append(json: name)
      bytes.append(UInt8(ascii: ":"))
      bytes.append(json: value)
    }
    if let dimensions { bytes.append(contentsOf: ",\"dimensions\":\(dimensions)".utf8) }
    bytes.append(contentsOf: ",\"input\":[".utf8)
    for (index, text) in texts.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      bytes.append(json: role.text(text))
    }
    bytes.append(contentsOf: "]}".utf8)
    return bytes
  }
}

extension [UInt8] {
  /// Writes a JSON string: runs of bytes that need no escape as they are.
  mutating func append(json text: String) {
    append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { utf8 in
      var start = 0
      for (index, byte) in utf8.enumerated()
      where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start..<index]))
        append(escaped: byte)
        start = index + 1
      }
      append(contentsOf: UnsafeBufferPointer(rebasing: utf8[start...]))
    }
    append(UInt8(ascii: "\""))
  }

  private mutating func append(escaped byte: UInt8) {
    append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(byte)
    case 0x0A: append(UInt8(ascii: "n"))
    case 0x0D: append(UInt8(ascii: "r"))
    case 0x09: append(UInt8(ascii: "t"))
    default:
      let digits = String(byte, radix: 16)
      append(contentsOf: (digits.utf8.count == 1 ? "u000" : "u00").utf8)
      append(contentsOf: digits.utf8)
    }
  }
}
