// Reads the body of an error answer: `{"error": {message, type, param, code}}`, and what other
// servers write in its place.

/// What a server says about an error, as it says it.
struct ServerErrorBody: Equatable {
  /// For people.
  var message: String?
  /// `error.type`.
  var type: String?
  /// The field of the request at fault.
  var param: String?
  /// `error.code`, if it is a word.
  var code: String?
  /// `error.code`, if it is a number as statuses are.
  var status: Int?
  /// Whether the body is JSON, as an API's is, also one that ends in the middle.
  private(set) var isJSON = false

  /// Reads a body. What is not JSON is the message itself, unless it is a web page.
  init(_ body: [UInt8]) {
    var found = ServerErrorBody()
    let isJSON = body.withUnsafeBufferPointer { bytes in
      var json = JSONReader(bytes)
      do {
        try found.readValue("", &json)
        return true
      } catch {
        // The middle of a long list: servers echo the whole request behind their message.
        return error as? JSONReader.Fault == .truncated && found != ServerErrorBody()
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

  /// Reads what stands under a key: OpenAI's `error`, a message beside it as other servers write, or a
  /// list of either, of which the first counts.
  private mutating func readValue(_ key: String, _ json: inout JSONReader) throws {
    let isErrorItself = ["", "error", "detail", "errors"].contains(key)
    switch try json.peek() {
    case UInt8(ascii: "{") where isErrorItself:
      try json.object { key, json in try readValue(key, &json) }
    case UInt8(ascii: "[") where isErrorItself:
      var isFirst = true
      try json.array { json in
        if isFirst { try readValue(key, &json) } else { try json.skip() }
        isFirst = false
      }
    case UInt8(ascii: "\""): take(try json.string(), key)
    case UInt8(ascii: "0")...UInt8(ascii: "9") where key == "code":
      status = Int(exactly: try json.number())
    default: try json.skip()
    }
  }

  private mutating func take(_ text: String, _ key: String) {
    switch key {
    case "", "message", "error", "detail", "errors", "msg": message = message ?? text
    case "type": type = type ?? text
    case "param": param = param ?? text
    case "code":
      if let number = Int(text) { status = number } else { code = code ?? text }
    default: break
    }
  }
}
