// Reads the body of an error answer: `{"error": {message, type, param, code}}`, and what other
// servers write in its place. Called by ErrorClassifier and OpenAIService; calls JSONReader.

/// What a server says about an error, as it says it.
struct ServerErrorBody: Equatable {
  /// For people.
  var message: String?
  /// `error.type`.
  var type: String?
  /// The field of the request at fault.
  var param: String?
  /// `error.code`, where it is a word.
  var code: String?
  /// Whether the body is a JSON object, as an API's is.
  private(set) var isJSON = false

  /// Reads a body. What is not JSON is the message itself, unless it is a web page.
  init(_ body: [UInt8]) {
    var found = ServerErrorBody()
    let isJSON = body.withUnsafeBufferPointer { bytes in
      var json = JSONReader(bytes)
      do {
        try json.object { key, json in try found.readMember(key, &json) }
        return true
      } catch {
        return false
      }
    }
    if !isJSON, found == ServerErrorBody() {
      let text = String(decoding: body, as: UTF8.self)
      let isPage = text.first { !$0.isWhitespace } == "<"
      found.message = isPage ? "a web page" : text
    }
    self = found
    self.isJSON = isJSON
  }

  private init() {}

  /// Reads a member of the body: OpenAI's `error`, or a message beside it as other servers write.
  private mutating func readMember(_ key: String, _ json: inout JSONReader) throws {
    if key == "error", try json.peek() == UInt8(ascii: "{") {
      try json.object { key, json in try readMember(key, &json) }
      return
    }
    guard try json.peek() == UInt8(ascii: "\"") else { return try json.skip() }
    let text = try json.string()
    switch key {
    case "message", "error", "detail": message = text
    case "type": type = text
    case "param": param = text
    case "code": code = text
    default: break
    }
  }
}
