import Testing

@testable import VectorStoreText

@Suite struct InterchangeErrorTests {
  @Test func namesPlaceFoundExpectedAndNextStep() {
    let whole = InterchangeError(
      .wrongKind, file: "a.jsonl", line: 3, field: "id", found: "a list", expected: "a string",
      advice: "correct the line")
    #expect(
      whole.description
        == "a.jsonl, line 3, field \"id\": found a list, expected a string; correct the line")
    let file = InterchangeError(
      .cannotOpen, file: "a.npy", found: "nothing", expected: "a file", advice: "check the path")
    #expect(file.description == "a.npy: found nothing, expected a file; check the path")
  }

  /// Each code of a line has words of its own for what to do next.
  @Test(arguments: [
    (InterchangeError.Code.notUTF8, "save the file as UTF-8"),
    (.unknownField, "rename it, or move it into \"metadata\""),
    (.duplicateField, "remove one of them"),
    (.missingContent, "add \"text\" or \"vector\""), (.tooDeep, "flatten the metadata"),
    (.notFinite, "leave the vector out, or make it again"),
    (.notJSON, "write one whole JSON object a line"), (.wrongKind, "correct the line"),
    (.outOfRange, "correct the line"),
  ])
  func advisesOnLines(code: InterchangeError.Code, advice: String) {
    let fault = JSONFault(code: code, offset: 4, found: "x", expected: "y")
    #expect(
      fault.error(file: "a", line: 2).description
        == "a, line 2: found x at byte 5, expected y; \(advice)")
  }
}
