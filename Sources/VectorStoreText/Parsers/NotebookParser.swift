// Jupyter notebooks: cells as Markdown.

import Foundation

/// Reads a Jupyter notebook (nbformat 3 and 4): the text of Markdown cells, the source of code cells, and what
/// code printed. Images and other data that cells hold are left out. A form feed begins each cell.
struct NotebookParser: DocumentParser {
  let endings: Set<String> = ["ipynb"]
  /// The most characters of one cell's output that are taken.
  private static let mostOfAnOutput = 2000

  func parse(_ file: ParsedFile) throws -> ParsedDocument {
    guard let root = try? JSONSerialization.jsonObject(with: file.bytes) as? [String: Any],
      let cells = root["cells"] as? [Any]
        ?? ((root["worksheets"] as? [Any])?.first as? [String: Any])?["cells"] as? [Any]
    else {
      throw DocumentParserError.noNotebook
    }
    let information = root["metadata"] as? [String: Any] ?? [:]
    let language =
      (information["language_info"] as? [String: Any])?["name"] as? String
      ?? (information["kernelspec"] as? [String: Any])?["language"] as? String ?? ""
    var whole = PlacedText()
    for (number, cell) in cells.enumerated() {
      guard let cell = cell as? [String: Any] else { continue }
      let source = Self.text(cell["source"] ?? cell["input"])
      let output = Self.output(of: cell)
      guard (source + output).contains(where: { !$0.isWhitespace }) else { continue }
      var text =
        switch cell["cell_type"] as? String {
        case "code": "```\(language)\n\(source)\n```\n"
        case "heading":
          String(repeating: "#", count: min(max(cell["level"] as? Int ?? 1, 1), 6)) + " " + source
        default: source
        }
      if !output.isEmpty { text += "\n```\n\(output)\n```\n" }
      whole.append(text, at: number + 1)
    }
    var metadata: [String: MetadataValue] = [:]
    if let title = information["title"] as? String, !title.isEmpty {
      metadata["title"] = .string(title)
    }
    return ParsedDocument(text: whole.text, metadata: metadata)
  }

  /// A text, which notebooks write as one string or as a list of lines.
  private static func text(_ value: Any?) -> String {
    (value as? String) ?? (value as? [String])?.joined() ?? ""
  }

  /// What a code cell printed.
  private static func output(of cell: [String: Any]) -> String {
    var texts: [String] = []
    for case let output as [String: Any] in cell["outputs"] as? [Any] ?? [] {
      let data = output["data"] as? [String: Any]
      let text =
        switch output["output_type"] as? String {
        case "error", "pyerr":
          [output["ename"], output["evalue"]].compactMap { $0 as? String }.joined(separator: ": ")
        default: Self.text(output["text"] ?? data?["text/plain"])
        }
      if text.contains(where: { !$0.isWhitespace }) {
        texts.append(String(text.prefix(mostOfAnOutput)))
      }
    }
    return texts.joined(separator: "\n").trimmingCharacters(in: .newlines)
  }
}
