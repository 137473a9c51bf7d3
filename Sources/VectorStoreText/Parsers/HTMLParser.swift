// Web pages: what a reader sees of them, as Markdown.

internal import CHTML
import Foundation

/// Reads HTML: headings, paragraphs, lists and the rows of tables, the title and the language. Scripts,
/// styles, navigation, forms and what is hidden are left out. If a page marks its main part (`main`, or one
/// `article`), only that is taken.
///
/// The bytes are parsed by libxml2, which mends what is wrong with them.
struct HTMLParser: DocumentParser {
  let endings: Set<String> = ["html", "htm", "xhtml", "shtml", "xht"]

  func isMine(_ start: Data) -> Bool {
    let text = String(decoding: start.prefix(512), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    return text.hasPrefix("<!doctype html") || text.hasPrefix("<html")
  }

  func parse(_ file: ParsedFile) throws -> ParsedDocument {
    try Self.document(try Self.decoded(file))
  }

  /// The readable text of a page.
  static func document(_ html: String) throws -> ParsedDocument {
    if let problem = chtml_load() { throw DocumentParserError.failed(String(cString: problem)) }
    let page = Page(deepest: try HTMLBounds.deepest(in: html))
    var events = chtml_events(
      start: { context, name, attributes in
        guard let page = Page.of(context), let name else { return false }
        return page.start(String(cString: name), Page.attributes(attributes))
      },
      end: { context, name in
        guard let page = Page.of(context), let name else { return }
        page.end(String(cString: name))
      },
      text: { context, bytes, count in
        guard let page = Page.of(context), let bytes else { return }
        bytes.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
          page.text(
            String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self))
        }
      })
    var html = html
    let isParsed = html.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        guard let start = $0.baseAddress else { return true }
        return chtml_parse(
          start, $0.count, &events, Unmanaged.passUnretained(page).toOpaque())
      }
    }
    guard isParsed else { throw DocumentParserError.noMemory }
    guard !page.isTooDeep else { throw DocumentParserError.nested(deeperThan: page.deepest) }
    return page.document()
  }

  /// The text of a page: in the encoding that it names, else UTF-8, else what browsers take then.
  private static func decoded(_ file: ParsedFile) throws -> String {
    let bytes = file.bytes
    let head = String(decoding: bytes.prefix(1024), as: Unicode.ASCII.self)
    if let range = head.range(of: "charset=", options: .caseInsensitive) {
      let name = head[range.upperBound...].drop { "\"' ".contains($0) }
        .prefix { $0.isLetter || $0.isNumber || "-_:".contains($0) }
      if !name.isEmpty, let text = try? TextDecoder.decode(bytes, or: String(name)) { return text }
    }
    return try TextDecoder.decode(bytes, or: file.encoding ?? "windows-1252")
  }
}

/// The text of a page as its elements come.
private final class Page {
  private static let ignored: Set<String> = [
    "script", "style", "noscript", "template", "nav", "aside", "footer", "button", "select",
    "option", "input", "textarea", "svg", "math", "iframe", "object", "embed", "audio", "video",
    "canvas", "dialog", "menu",
  ]
  private static let blocks: Set<String> = [
    "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl",
    "dt", "fieldset", "figcaption", "figure", "form", "head", "header", "hr", "html", "legend",
    "main", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "ul",
  ]
  /// Elements without an end.
  private static let void: Set<String> = [
    "area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
  ]
  private static let deepestIndent = 8
  /// A main part shorter than this is not the page's text.
  private static let leastOfMain = 200

  private var open: [(name: String, isIgnored: Bool, isMain: Bool)] = []
  private var lines: [String] = []
  private var line = ""
  private var ignoredDepth = 0
  private var headDepth = 0
  private var preformattedDepth = 0
  private var listDepth = 0
  private var title = ""
  private var metadata: [String: MetadataValue] = [:]
  /// The cells of the row that is open, the last being written.
  private var row: [String]?
  private var isHeaderRow = true
  private var tableDepth = 0
  private var articles = 0
  /// The lines of the main part.
  private var main: (start: Int, end: Int?)?
  private var article: (start: Int, end: Int?)?

  /// How many elements may be within each other, and whether more were.
  let deepest: Int
  private(set) var isTooDeep = false

  init(deepest: Int) { self.deepest = deepest }

  static func of(_ context: UnsafeMutableRawPointer?) -> Page? {
    context.map { Unmanaged<Page>.fromOpaque($0).takeUnretainedValue() }
  }

  static func attributes(
    _ list: UnsafePointer<UnsafePointer<CChar>?>?
  ) -> [String: String] {
    guard var list else { return [:] }
    var attributes: [String: String] = [:]
    while let name = list[0] {
      attributes[String(cString: name).lowercased()] = list[1].map { String(cString: $0) } ?? ""
      list += 2
    }
    return attributes
  }

  // MARK: - Events

  /// Returns false if the rest of the page is of no use.
  func start(_ name: String, _ attributes: [String: String]) -> Bool {
    guard open.count < deepest else {
      isTooDeep = true
      return false
    }
    begin(name, attributes)
    return true
  }

  private func begin(_ name: String, _ attributes: [String: String]) {
    if name == "meta" { return note(attributes) }
    if name == "html", let language = attributes["lang"], !language.isEmpty {
      metadata["language"] = .string(language)
    }
    let role = attributes["role"]
    let isIgnored =
      Self.ignored.contains(name) || attributes["hidden"] != nil
      || attributes["aria-hidden"] == "true"
      || ["navigation", "banner", "contentinfo", "search"].contains(role ?? "")
    let isMain = !isIgnored && (name == "main" || role == "main")
    if !Self.void.contains(name) {
      open.append((name, isIgnored, isMain))
      if isIgnored { ignoredDepth += 1 }
      if name == "head" { headDepth += 1 }
    }
    guard ignoredDepth == 0 else { return }
    switch name {
    case "br": row == nil ? endLine() : text(" ")
    case "img":
      if let alt = attributes["alt"], !alt.isEmpty { text(" \(alt) ") }
    case "h1", "h2", "h3", "h4", "h5", "h6":
      beginBlock()
      if row == nil { line = String(repeating: "#", count: Int(name.dropFirst()) ?? 6) + " " }
    case "li":
      endLine()
      if row == nil {
        line = String(repeating: "  ", count: min(max(0, listDepth - 1), Self.deepestIndent)) + "- "
      }
    case "ul", "ol":
      if listDepth == 0 { beginBlock() } else { endLine() }
      listDepth += 1
    case "table":
      tableDepth += 1
      beginBlock()
      if tableDepth == 1 { isHeaderRow = true }
    case "tr":
      if tableDepth == 1 {
        endLine()
        row = []
      }
    case "td", "th":
      if tableDepth == 1, row != nil { row?.append("") } else { text(" ") }
    case "pre":
      beginBlock()
      if row == nil {
        lines.append("```")
        preformattedDepth += 1
      }
    default:
      if Self.blocks.contains(name) { beginBlock() }
    }
    if isMain, main == nil { main = (lines.count, nil) }
    if name == "article" {
      articles += 1
      if article == nil { article = (lines.count, nil) }
    }
  }

  func end(_ name: String) {
    guard let place = open.lastIndex(where: { $0.name == name }) else { return }
    while open.count > place { close(open.removeLast()) }
  }

  private func close(_ element: (name: String, isIgnored: Bool, isMain: Bool)) {
    if element.name == "head" { headDepth -= 1 }
    if element.isIgnored { return ignoredDepth -= 1 }
    guard ignoredDepth == 0 else { return }
    switch element.name {
    case "ul", "ol":
      listDepth = max(0, listDepth - 1)
      if listDepth == 0 { beginBlock() } else { endLine() }
    case "li": endLine()
    case "h1", "h2", "h3", "h4", "h5", "h6": beginBlock()
    case "table":
      tableDepth = max(0, tableDepth - 1)
      if tableDepth == 0 { row = nil }
      beginBlock()
    case "tr":
      if tableDepth == 1 { endRow() }
    case "pre":
      if preformattedDepth > 0 {
        preformattedDepth -= 1
        endLine()
        lines.append("```")
      }
      beginBlock()
    default:
      if Self.blocks.contains(element.name) { beginBlock() }
    }
    if element.isMain, main?.end == nil { main?.end = lines.count }
    if element.name == "article", article?.end == nil { article?.end = lines.count }
  }

  func text(_ part: String) {
    if open.last?.name == "title", headDepth > 0 || title.isEmpty {
      title += part
      return
    }
    guard ignoredDepth == 0 else { return }
    if preformattedDepth > 0, row == nil {
      let parts = part.split(separator: "\n", omittingEmptySubsequences: false)
      for (number, piece) in parts.enumerated() {
        if number > 0 {
          lines.append(line)
          line = ""
        }
        line += piece
      }
      return
    }
    if var cell = row?.popLast() {
      cell.append(blanksAsOne: part)
      row?.append(cell)
    } else if row == nil {
      line.append(blanksAsOne: part)
    }
  }

  private func note(_ attributes: [String: String]) {
    guard let content = attributes["content"], !content.isEmpty,
      let name = (attributes["name"] ?? attributes["property"])?.lowercased()
    else { return }
    switch name {
    case "description", "author", "keywords": metadata[name] = .string(content)
    case "date", "article:published_time", "dc.date": metadata["date"] = .string(content)
    default: break
    }
  }

  // MARK: - Lines

  private func endLine() {
    guard preformattedDepth == 0 else {
      if !line.isEmpty { lines.append(line) }
      line = ""
      return
    }
    let end = line.lastIndex { !$0.isWhitespace }
    let trimmed = end.map { String(line[...$0]) } ?? ""
    // Marks alone are no text.
    if trimmed.contains(where: { !" -#".contains($0) }) { lines.append(trimmed) }
    line = ""
  }

  private func beginBlock() {
    guard row == nil else { return text(" ") }
    endLine()
    if lines.last?.isEmpty == false { lines.append("") }
  }

  private func endRow() {
    guard let cells = row else { return }
    row = nil
    let texts = cells.map { cell in
      let text = cell.last == " " ? String(cell.dropLast()) : cell
      return text.utf8.contains(UInt8(ascii: "|")) ? text.replacing("|", with: "\\|") : text
    }
    guard texts.contains(where: { !$0.isEmpty }) else { return }
    // A table of one column arranges the page; its rows are paragraphs.
    guard texts.count > 1 else {
      lines += [texts[0], ""]
      return
    }
    lines.append("| " + texts.joined(separator: " | ") + " |")
    if isHeaderRow { lines.append("|" + String(repeating: " --- |", count: texts.count)) }
    isHeaderRow = false
  }

  // MARK: - The whole

  func document() -> ParsedDocument {
    while let element = open.popLast() { close(element) }
    endLine()
    var taken = lines[...]
    for part in [main, articles == 1 ? article : nil] {
      guard let part else { continue }
      let inside = lines[part.start..<min(part.end ?? lines.count, lines.count)]
      if inside.reduce(0, { $0 + $1.count }) >= Self.leastOfMain {
        taken = inside
        break
      }
    }
    var title = ""
    title.append(blanksAsOne: self.title)
    if title.last == " " { title.removeLast() }
    if !title.isEmpty { metadata["title"] = .string(title) }
    while taken.last?.isEmpty == true { taken.removeLast() }
    let text = taken.drop(while: \.isEmpty).joined(separator: "\n")
    return ParsedDocument(text: text.isEmpty ? title : text, metadata: metadata)
  }
}

extension String {
  /// Puts a text after this one, with each run of white space as one blank, and none at the beginning.
  ///
  /// - Complexity: O(length of the part).
  mutating func append(blanksAsOne part: some StringProtocol) {
    var isBlank = unicodeScalars.last.map(\.properties.isWhitespace) ?? true
    var bytes: [UInt8] = []
    bytes.reserveCapacity(part.utf8.count)
    for scalar in part.unicodeScalars {
      // Most are ASCII, of which nobody need be asked.
      let isWhite =
        scalar.isASCII
        ? scalar == " " || (0x09...0x0D).contains(scalar.value) : scalar.properties.isWhitespace
      if !isWhite {
        bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
      } else if !isBlank {
        bytes.append(0x20)
      }
      isBlank = isWhite
    }
    self += String(decoding: bytes, as: UTF8.self)
  }
}
