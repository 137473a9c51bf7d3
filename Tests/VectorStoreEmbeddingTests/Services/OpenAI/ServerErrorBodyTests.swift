// ServerErrorBody: errors as OpenAI and other servers write them.

import Testing

@testable import VectorStoreEmbedding

@Suite struct ServerErrorBodyTests {
  private static func read(_ text: String) -> [String?] {
    let body = ServerErrorBody(Array(text.utf8))
    return [body.message, body.type, body.param, body.code]
  }

  @Test(
    arguments: [
      (
        #"{"error":{"message":"m","type":"t","param":"input","code":"c"}}"#,
        ["m", "t", "input", "c"]
      ),
      (#"{"error":{"message":"m","type":"t","param":null,"code":null}}"#, ["m", "t", nil, nil]),
      (#"{"error":{"message":"m","code":400,"inner":{"code":"x"}},"id":1}"#, ["m", nil, nil, nil]),
      (
        #"{"object":"error","message":"m","type":"t","param":null,"code":404}"#,
        ["m", "t", nil, nil]
      ),
      (#"{"error":"m","error_type":"Validation"}"#, ["m", nil, nil, nil]),
      (#"{"detail":"Not Found"}"#, ["Not Found", nil, nil, nil]),
      (#"{"detail":[{"loc":["body"],"msg":"x"}]}"#, ["x", nil, nil, nil]),
      (
        #"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#,
        ["m", nil, nil, nil]
      ),
      (#""a text""#, ["a text", nil, nil, nil]),
      ("\u{FEFF}{\"message\":\"m\"}", ["m", nil, nil, nil]),
      (#"{"detail":[{"type":"too_long","msg":"x","input":["a","b"#, ["x", "too_long", nil, nil]),
      (#"{"error":{"message":"m","code":"400"}}"#, ["m", nil, nil, nil]),
      (#"{"error":{"message":"m","code":"c"}, "half"#, ["m", nil, nil, "c"]),
      ("{}", [nil, nil, nil, nil]),
      ("upstream connect error", ["upstream connect error", nil, nil, nil]),
      ("\n <!DOCTYPE html><html>sk-1</html>", ["a web page", nil, nil, nil]),
      ("", ["", nil, nil, nil]),
    ] as [(String, [String?])])
  func readsWhatServersWrite(text: String, expected: [String?]) {
    #expect(Self.read(text) == expected)
  }
}
