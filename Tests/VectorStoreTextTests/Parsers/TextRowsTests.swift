// Tables and JSON lines of which one field is the text.

import Foundation
import Testing

@testable import VectorStoreText

@Suite struct TextRowsTests {
  private static let table = """
    id,body,state,year
    7,"The walrus
    swims.",open,2020
    8,,open,2021
    9,"A ""tern"" flies",closed,01234

    """
  private static let lines = """
    {"id": "a", "body": "The walrus swims.", "tags": ["x"], "n": 1}

    {"id": "b", "body": null}
    {"id": "c", "body": 12, "n": 1}
    """

  private static func rows(_ text: String, _ name: String, _ field: String) throws -> [TextRows.Row]
  {
    try TextRows(ParsedFile(bytes: Data(text.utf8), name: name), field: field).rows
  }

  @Test func oneColumnIsTheTextAndTheOthersAreMetadata() throws {
    let rows = try Self.rows(Self.table, "x.csv", "body")
    #expect(rows.map(\.text) == ["The walrus\nswims.", "", "A \"tern\" flies"])
    #expect(rows[0].fields == ["id": 7, "state": "open", "year": 2020])
    // A number with a zero before it is no number.
    #expect(rows[2].fields["year"] == "01234" && rows.map(\.number) == [1, 2, 3])
    let tabs = try Self.rows("a\tb\n1\tx, y\n", "x.tsv", "b")
    #expect(tabs.map(\.text) == ["x, y"])
  }

  @Test func linesMayEndAsOnWindows() throws {
    let lines = Self.lines.replacing("\n", with: "\r\n")
    #expect(try Self.rows(lines, "x.jsonl", "body").map(\.number) == [1, 3, 4])
    let table = Self.table.replacing("\n", with: "\r\n")
    #expect(try Self.rows(table, "x.csv", "body").map(\.text?.count) == [17, 0, 14])
  }

  @Test func oneFieldOfALineOfJSONIsTheText() throws {
    let rows = try Self.rows(Self.lines, "x.jsonl", "body")
    #expect(
      rows.map(\.text) == ["The walrus swims.", nil, "12"] && rows.map(\.number) == [1, 3, 4])
    #expect(rows[0].fields == ["id": "a", "tags": ["x"], "n": 1])
  }

  @Test(arguments: [
    ("x.csv", "nothing", "it has no column \"nothing\"; it has id, body, state, year"),
    ("x.jsonl", "body", "line 1 is not a JSON object; write one whole object a line"),
  ])
  func whatIsMissingIsNamed(name: String, field: String, message: String) throws {
    let error = #expect(throws: DocumentParserError.self) {
      try Self.rows(Self.table, name, field)
    }
    #expect(error.map { "\($0)" } == message)
  }

  @Test func aFileIsADocumentOfRowsWithTheValuesTheyShare() throws {
    let many = (0..<40).map { "\($0),Row \($0),same\n" }.joined()
    let parser = TextFieldParser(field: "body")
    let document = try parser.parse(
      ParsedFile(bytes: Data(("id,body,kind\n" + many).utf8), name: "x.csv"))
    // A value that all share; ids are too many.
    #expect(document.metadata == ["kind": "same"])
    #expect(TextPlaces.text(of: 3, in: document.text) == "Row 2\n")
    let few = try parser.parse(ParsedFile(bytes: Data(Self.table.utf8), name: "x.csv"))
    #expect(few.metadata["state"] == ["open", "closed"] && few.metadata["id"] == [7, 9])
    // Each row is cut by itself, and says which it is.
    let chunks = Chunker(checked: ChunkingOptions()).chunks(
      of: few.text, format: .text, source: "x.csv")
    #expect(chunks.map(\.text) == ["The walrus\nswims.\n", "A \"tern\" flies\n"])
    let last = try #require(chunks.last)
    #expect(TextPlaces(of: few.text, source: "x.csv")?.label(of: last.range) == "row 3")
  }
}
