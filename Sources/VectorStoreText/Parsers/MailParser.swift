// Mail: single messages and mailboxes.

import Foundation

/// Reads mail (RFC 5322 and MIME): one message (`.eml`) or a mailbox (`.mbox`). Headers become metadata of
/// a single message, and the start of each text; encoded words, quoted-printable and base64 are decoded; the plain
/// text of a message is taken, else its HTML; attachments are named and left out. In a mailbox a
/// form feed begins each message.
struct MailParser: DocumentParser {
  let endings: Set<String> = ["eml", "mbox", "mbx"]
  /// Parts may hold parts; deeper ones are left out, and those that a message has beyond so many.
  private static let (deepest, mostParts) = (20, 1000)
  /// Of a longer header the rest is left out.
  private static let longestHeader = 1 << 16
  /// The headers that anything is taken from.
  private static let headerNames: Set<String> = [
    "subject", "from", "to", "cc", "date", "content-type", "content-disposition",
    "content-transfer-encoding",
  ]

  func isMine(_ start: Data) -> Bool {
    let text = String(decoding: start.prefix(200), as: Unicode.ASCII.self)
    return text.wholeMatch(of: /From \S+ +\w{3} \w{3} [ \d]\d \d\d:\d\d[\S\s]*/) != nil
  }

  func parse(_ file: ParsedFile) throws -> ParsedDocument {
    let messages = Self.messages(Array(file.bytes))
    if messages.count == 1, let only = messages.first {
      let message = Part(only)
      guard message.hasHeaders else {
        throw DocumentParserError.noMail
      }
      return ParsedDocument(
        text: try Self.text(of: message), metadata: Self.metadata(of: message))
    }
    var whole = PlacedText()
    for (number, message) in messages.enumerated() {
      whole.append(try Self.text(of: Part(Self.unquoted(message))), at: number + 1)
    }
    return ParsedDocument(text: whole.text)
  }

  /// The messages of a mailbox, each after a line that begins with "From " and names a time; else the whole.
  private static func messages(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    let mark = Array("From ".utf8)
    guard bytes.starts(with: mark) else { return [bytes[...]] }
    var messages: [ArraySlice<UInt8>] = []
    var start: Int?
    var (line, isAfterBlank) = (0, true)
    while line < bytes.count {
      let end = bytes[line...].firstIndex(of: 10) ?? bytes.count
      // Programs that note a message's length leave lines of it as they are: "From here on it is text."
      if isAfterBlank, bytes[line..<end].starts(with: mark),
        start == nil || hasTime(bytes[line..<end])
      {
        if let start { messages.append(bytes[start..<line]) }
        start = min(end + 1, bytes.count)
      }
      isAfterBlank = end == line || (end == line + 1 && bytes[line] == 13)
      line = end + 1
    }
    if let start { messages.append(bytes[start...]) }
    return messages
  }

  /// Whether a line has a time as `10:15`.
  private static func hasTime(_ line: ArraySlice<UInt8>) -> Bool {
    func isDigit(_ place: Int) -> Bool { (0x30...0x39).contains(line[place]) }
    return line.indices.dropFirst(2).dropLast(2).contains { place in
      line[place] == UInt8(ascii: ":") && isDigit(place - 1) && isDigit(place - 2)
        && isDigit(place + 1) && isDigit(place + 2)
    }
  }

  /// A message of a mailbox without the marks of its lines that begin with "From ", as `>From here on`.
  private static func unquoted(_ message: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let (mark, from) = (UInt8(ascii: ">"), Array("From ".utf8))
    var result: [UInt8] = []
    var taken = message.startIndex
    var line = message.startIndex
    while line < message.endIndex {
      if message[line] == mark,
        message[line...].drop(while: { $0 == mark }).starts(with: from)
      {
        result += message[taken..<line]
        taken = line + 1
      }
      line = (message[line...].firstIndex(of: 10) ?? message.endIndex - 1) + 1
    }
    return taken == message.startIndex ? message : (result + message[taken...])[...]
  }

  private static func metadata(of message: Part) -> [String: MetadataValue] {
    var metadata: [String: MetadataValue] = [:]
    for (name, key) in [("subject", "title"), ("from", "from"), ("to", "to"), ("cc", "cc")] {
      if let value = message.header(name), !value.isEmpty { metadata[key] = .string(value) }
    }
    if let date = message.header("date").flatMap(MailDate.iso) { metadata["date"] = .string(date) }
    let attachments = message.attachments
    if !attachments.isEmpty {
      metadata["attachments"] = .array(attachments.map { .string($0) })
    }
    return metadata
  }

  private static func text(of message: Part) throws -> String {
    var lines: [String] = []
    if let subject = message.header("subject"), !subject.isEmpty { lines += ["# \(subject)", ""] }
    for (name, title) in [("from", "From"), ("to", "To"), ("date", "Date")] {
      if let value = message.header(name), !value.isEmpty { lines.append("\(title): \(value)") }
    }
    if !message.attachments.isEmpty {
      lines.append("Attachments: \(message.attachments.joined(separator: ", "))")
    }
    if lines.last?.isEmpty == false { lines.append("") }
    lines.append(try message.body() ?? "")
    return lines.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines) + "\n"
  }

  /// A message, or a part of one.
  private struct Part {
    /// By name in small letters; the first of each, of those that anything is taken from.
    private let headers: [String: String]
    /// Whether it has any, of whatever name.
    let hasHeaders: Bool
    private let content: ArraySlice<UInt8>
    private let parts: [Part]
    private let type: (name: String, parameters: [String: String])

    init(_ bytes: ArraySlice<UInt8>) {
      var room = MailParser.mostParts
      self.init(bytes, depth: 0, room: &room)
    }

    /// - Parameter room: how many more parts the message may have.
    private init(_ bytes: ArraySlice<UInt8>, depth: Int, room: inout Int) {
      (headers, content, hasHeaders) = Self.split(bytes)
      type = Self.valueAndParameters(headers["content-type"] ?? "text/plain")
      if depth < MailParser.deepest {
        if type.name.hasPrefix("multipart/"), let boundary = type.parameters["boundary"],
          !boundary.isEmpty
        {
          let pieces = Self.pieces(of: content, boundary: boundary, atMost: room)
          room -= pieces.count
          var parts: [Part] = []
          for piece in pieces { parts.append(Part(piece, depth: depth + 1, room: &room)) }
          self.parts = parts
        } else if type.name == "message/rfc822" {
          let inner = Self.decoded(content, headers)
          parts = [Part(inner[...], depth: depth + 1, room: &room)]
        } else {
          parts = []
        }
      } else {
        parts = []
      }
    }

    /// A header in plain text.
    func header(_ name: String) -> String? { headers[name].map(EncodedWords.decode) }

    /// The names of what is attached.
    var attachments: [String] {
      if let name = attachmentName { return [name] }
      return parts.flatMap(\.attachments)
    }

    private var attachmentName: String? {
      let disposition = Self.valueAndParameters(headers["content-disposition"] ?? "")
      let name = disposition.parameters["filename"] ?? type.parameters["name"]
      guard disposition.name == "attachment" || name != nil else { return nil }
      return EncodedWords.decode(name ?? type.name)
    }

    /// The text of the part: plain text before HTML.
    func body() throws -> String? {
      guard attachmentName == nil else { return nil }
      if type.name == "multipart/alternative" {
        let best = parts.first { $0.type.name == "text/plain" } ?? parts.last
        for part in [best].compactMap(\.self) + parts {
          if let text = try part.body(), text.contains(where: { !$0.isWhitespace }) { return text }
        }
        return nil
      }
      if !parts.isEmpty {
        let texts = try parts.compactMap { part -> String? in
          // A message in a message brings its own headers.
          guard type.name != "message/rfc822" else { return try MailParser.text(of: part) }
          return try part.body()
        }
        return texts.isEmpty ? nil : texts.joined(separator: "\n\n")
      }
      guard type.name.hasPrefix("text/") else { return nil }
      let bytes = Data(Self.decoded(content, headers))
      let text =
        (try? TextDecoder.decode(bytes, or: type.parameters["charset"] ?? "windows-1252"))
        ?? String(decoding: bytes, as: UTF8.self)
      return type.name == "text/html" ? try HTMLParser.document(text).text : text
    }

    private static func split(
      _ bytes: ArraySlice<UInt8>
    ) -> (headers: [String: String], content: ArraySlice<UInt8>, isAny: Bool) {
      var headers: [String: String] = [:]
      var isAny = false
      var name: String?
      var line = bytes.startIndex
      while line < bytes.endIndex {
        let end = bytes[line...].firstIndex(of: 10) ?? bytes.endIndex
        let own = bytes[line..<end].prefix(MailParser.longestHeader)
        var text = String(decoding: own, as: UTF8.self)
        if text.last == "\r" || text.last == "\r\n" { text.removeLast() }
        line = min(end + 1, bytes.endIndex)
        if text.isEmpty { break }
        if text.first?.isWhitespace == true {
          if let name, headers[name]?.utf8.count ?? 0 < MailParser.longestHeader {
            headers[name]? += " " + text.trimmingCharacters(in: .whitespaces)
          }
        } else if let colon = text.firstIndex(of: ":") {
          let key = text[..<colon].lowercased()
          guard !key.contains(where: \.isWhitespace) else { return ([:], bytes, false) }
          isAny = true
          name = MailParser.headerNames.contains(key) && headers[key] == nil ? key : nil
          if name != nil {
            headers[key] = text[text.index(after: colon)...].trimmingCharacters(in: .whitespaces)
          }
        } else {
          return (headers, bytes[line...], isAny)
        }
      }
      return (headers, bytes[line...], isAny)
    }

    /// `text/plain; charset="utf-8"` as its value and its parameters, in small letters but for the
    /// parameters' values.
    private static func valueAndParameters(
      _ header: String
    ) -> (name: String, parameters: [String: String]) {
      var parts: [String] = [""]
      var isQuoted = false
      for character in header {
        if character == "\"" { isQuoted.toggle() }
        if character == ";", !isQuoted {
          parts.append("")
        } else {
          parts[parts.count - 1].append(character)
        }
      }
      var parameters: [String: String] = [:]
      for part in parts.dropFirst() {
        guard let equals = part.firstIndex(of: "=") else { continue }
        var key = part[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
        var value = part[part.index(after: equals)...].trimmingCharacters(in: .whitespaces)
        if value.hasPrefix("\""), value.hasSuffix("\""), value.count > 1 {
          value = String(value.dropFirst().dropLast())
        }
        // RFC 2231: filename*=utf-8''na%C3%AFve.txt
        if key.hasSuffix("*") {
          key.removeLast()
          let pieces = value.split(separator: "'", omittingEmptySubsequences: false)
          value = (pieces.last.map(String.init) ?? value).removingPercentEncoding ?? value
        }
        parameters[key] = value
      }
      return (parts[0].trimmingCharacters(in: .whitespaces).lowercased(), parameters)
    }

    private static func pieces(
      of content: ArraySlice<UInt8>, boundary: String, atMost most: Int
    ) -> [ArraySlice<UInt8>] {
      let mark = Array("--\(boundary)".utf8)
      var pieces: [ArraySlice<UInt8>] = []
      var start: Int?
      var line = content.startIndex
      while line < content.endIndex, pieces.count < most {
        let end = content[line...].firstIndex(of: 10) ?? content.endIndex
        if content[line..<end].starts(with: mark),
          let isLast = Self.isLast(content[line..<end].dropFirst(mark.count))
        {
          if let start { pieces.append(content[start..<line]) }
          start = isLast ? nil : min(end + 1, content.endIndex)
          if isLast { break }
        }
        line = end + 1
      }
      if let start, start < content.endIndex, pieces.count < most {
        pieces.append(content[start...])
      }
      return pieces
    }

    /// Whether a line that begins with a boundary is the last, by the rest of it; nil if it is none, as another
    /// part's boundary may be longer.
    private static func isLast(_ rest: ArraySlice<UInt8>) -> Bool? {
      let isLast = rest.starts(with: "--".utf8)
      let isBlank = rest.dropFirst(isLast ? 2 : 0).allSatisfy { [0x20, 0x09, 0x0D].contains($0) }
      return isBlank ? isLast : nil
    }

    private static func decoded(
      _ content: ArraySlice<UInt8>, _ headers: [String: String]
    ) -> [UInt8] {
      switch headers["content-transfer-encoding"]?.lowercased() {
      case "base64":
        Data(base64Encoded: Data(content), options: .ignoreUnknownCharacters).map { Array($0) }
          ?? []
      case "quoted-printable": EncodedWords.quotedPrintable(content, isHeader: false)
      default: Array(content)
      }
    }
  }
}

/// Encoded words of headers, `=?utf-8?Q?na=C3=AFve?=` (RFC 2047).
private enum EncodedWords {
  static func decode(_ header: String) -> String {
    guard header.contains("=?") else { return header }
    // White space between two encoded words is none.
    let joined = header.replacing(/\?=\s+=\?/, with: "?==?")
    return joined.replacing(/=\?([^?\s]+)\?([QqBb])\?([^?\s]*)\?=/) { match in
      let (_, encoding, kind, text) = match.output
      let bytes =
        kind.lowercased() == "b"
        ? Data(base64Encoded: String(text), options: .ignoreUnknownCharacters) ?? Data()
        : Data(quotedPrintable(ArraySlice(text.utf8), isHeader: true))
      // RFC 2231 lets a language follow the encoding.
      let name = encoding.split(separator: "*").first.map(String.init) ?? "utf-8"
      return (try? TextDecoder.decode(bytes, or: name)) ?? String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Quoted-printable (RFC 2045), where headers write a blank as `_`.
  static func quotedPrintable(_ bytes: ArraySlice<UInt8>, isHeader: Bool) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var place = bytes.startIndex
    while place < bytes.endIndex {
      let byte = bytes[place]
      place += 1
      if isHeader, byte == UInt8(ascii: "_") {
        result.append(UInt8(ascii: " "))
      } else if byte == UInt8(ascii: "=") {
        let rest = bytes[place...].prefix(2)
        if let value = UInt8(String(decoding: rest, as: UTF8.self), radix: 16), rest.count == 2 {
          result.append(value)
          place += 2
        } else if rest.first == 10 {
          place += 1
        } else if rest.starts(with: [13, 10]) {
          place += 2
        } else {
          result.append(byte)
        }
      } else {
        result.append(byte)
      }
    }
    return result
  }
}

/// Dates of mail, `Tue, 3 Jun 2025 10:15:00 +0200`.
private enum MailDate {
  private static let months = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
  ]

  /// In ISO 8601, `2025-06-03T10:15:00+02:00`.
  static func iso(_ text: String) -> String? {
    guard
      let match = text.firstMatch(
        of:
          /(\d{1,2}) ([A-Za-z]{3})[a-z]* (\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))?(?: ([+-]\d\d)(\d\d))?/
      ),
      let month = months.firstIndex(of: match.2.lowercased()), let day = Int(match.1),
      let hour = Int(match.4)
    else { return nil }
    let zone = match.7.map { "\($0):\(match.8 ?? "00")" } ?? "Z"
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(match.3)-\(two(month + 1))-\(two(day))T\(two(hour)):\(match.5):\(match.6 ?? "00")"
      + (["+00:00", "-00:00"].contains(zone) ? "Z" : zone)
  }
}
