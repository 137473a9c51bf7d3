// Files that programs read which may be installed: PDF by pdftotext, office documents and books by pandoc.

import Foundation

/// Reads PDF documents by `pdftotext` of Poppler. A form feed begins each page.
struct PDFParser: DocumentParser {
  let endings: Set<String> = ["pdf"]
  let identity: String? = "pdftotext"

  /// Creates a parser.
  init() {}

  func isMine(_ start: Data) -> Bool { start.starts(with: Data("%PDF-".utf8)) }

  func parse(_ file: ParsedFile) throws -> ParsedDocument {
    guard
      isMine(file.bytes.prefix(1024))
        || file.bytes.prefix(1024).range(of: Data("%PDF-".utf8)) != nil
    else { throw DocumentParserError.noPDF }
    let program = try Program("pdftotext", package: "poppler-utils")
    let output: Data
    do {
      output = try program.run(["-enc", "UTF-8", "{}", "-"], on: file)
    } catch DocumentParserError.failed(let words) where words.contains("password") {
      throw DocumentParserError.encrypted
    }
    var whole = PlacedText()
    let pages = String(decoding: output, as: UTF8.self)
      .split(separator: "\u{0C}", omittingEmptySubsequences: false)
    for (number, page) in pages.enumerated() where page.contains(where: { !$0.isWhitespace }) {
      whole.append(page.trimmingCharacters(in: .whitespacesAndNewlines), at: number + 1)
    }
    guard !whole.text.isEmpty else {
      throw file.bytes.range(of: Data("/Image".utf8)) == nil
        ? DocumentParserError.emptyPages : DocumentParserError.scanned
    }
    return ParsedDocument(text: whole.text, format: .text)
  }
}

/// Reads office documents, books and other markup by `pandoc`, as Markdown.
struct PandocParser: DocumentParser {
  /// What pandoc calls the formats, by the endings of names.
  private static let formats = [
    "docx": "docx", "odt": "odt", "epub": "epub", "rtf": "rtf", "fb2": "fb2",
  ]
  /// The same for what is readable text without it.
  private static let textFormats = [
    "tex": "latex", "latex": "latex", "org": "org", "rst": "rst", "opml": "opml",
    "mediawiki": "mediawiki", "wiki": "mediawiki",
  ]

  let endings: Set<String>
  let identity: String? = "pandoc"
  private let program: Program?

  /// Creates a parser. If pandoc is not installed, formats that are readable text are left to be read as such.
  init() {
    program = try? Program("pandoc", package: "pandoc")
    endings = Set(Self.formats.keys).union(program == nil ? [] : Set(Self.textFormats.keys))
  }

  func parse(_ file: ParsedFile) throws -> ParsedDocument {
    guard let format = Self.formats[file.ending] else { return try markup(file) }
    let program = try self.program ?? Program("pandoc", package: "pandoc")
    return try Self.converted(file, from: format, by: program)
  }

  /// What is readable as it is: a text that pandoc does not understand is taken as text.
  private func markup(_ file: ParsedFile) throws -> ParsedDocument {
    if let program, let format = Self.textFormats[file.ending],
      let document = try? Self.converted(file, from: format, by: program)
    {
      return document
    }
    return ParsedDocument(
      text: try TextDecoder.decode(file.bytes, or: file.encoding),
      format: DocumentFormat(fileName: file.name))
  }

  private static func converted(
    _ file: ParsedFile, from format: String, by program: Program
  ) throws -> ParsedDocument {
    if ["docx", "odt", "epub"].contains(format) {
      try ZippedDocument.check(file.bytes, format: format)
    }
    let isBook = ["epub", "fb2"].contains(format)
    let output = try program.run(
      [
        "+RTS", "-M1G", "-RTS", "--sandbox", "--lua-filter=filter.lua", "--wrap=none",
        "--standalone", "--from", format, "--to", "gfm-raw_html+yaml_metadata_block", "{}",
      ], on: file, beside: ["filter.lua": isBook ? withoutWrappers + chapters : withoutWrappers])
    let text = withoutEmptyMetadata(String(decoding: output, as: UTF8.self))
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw DocumentParserError.noWords
    }
    guard isBook else { return ParsedDocument(text: text) }
    var whole = PlacedText()
    for (number, chapter) in text.split(separator: "\u{0C}").enumerated() {
      whole.append(chapter.drop(while: \.isNewline), at: number + 1)
    }
    return ParsedDocument(text: whole.text)
  }

  /// A text without its front matter if nothing in it has a value.
  private static func withoutEmptyMetadata(_ text: String) -> String {
    let mark = "---\n"
    guard text.hasPrefix(mark), let end = text.dropFirst(mark.count).firstRange(of: mark) else {
      return text
    }
    let lines = text[..<end.lowerBound].dropFirst(mark.count).split(separator: "\n")
    let isEmpty = lines.allSatisfy { line in
      line.wholeMatch(of: /[A-Za-z-]+:\s*|\s*-\s*/) != nil
    }
    return isEmpty ? String(text[end.upperBound...].drop(while: \.isNewline)) : text
  }

  /// Divisions and spans of a page are no text; pandoc writes their tags otherwise.
  private static let withoutWrappers = """
    function Div(wrapper) return wrapper.content end
    function Span(wrapper) return wrapper.content end

    """

  /// A form feed before each chapter but the first: a heading of the highest level that has several.
  private static let chapters = """
    function Pandoc(book)
      local counts = {}
      for _, block in ipairs(book.blocks) do
        if block.t == 'Header' then counts[block.level] = (counts[block.level] or 0) + 1 end
      end
      local level = 1
      while level < 6 and (counts[level] or 0) < 2 do level = level + 1 end
      local blocks, isAny = {}, false
      for _, block in ipairs(book.blocks) do
        if block.t == 'Header' and block.level == level then
          if isAny then table.insert(blocks, pandoc.RawBlock('markdown', '\\f')) end
          isAny = true
        end
        table.insert(blocks, block)
      end
      return pandoc.Pandoc(blocks, book.meta)
    end

    """
}

/// An installed program that reads a file and prints its text.
package struct Program: Sendable {
  /// The longest that it may take.
  package static let timeLimit = Duration.seconds(120)
  /// The most bytes that it may print, and that any file may have that it writes.
  private static let (outputLimit, fileLimit) = (64 << 20, 256 << 20)
  /// The most bytes of memory that it may take, where the system has `prlimit`.
  private static let memoryLimit = 4 << 30

  /// Its absolute path.
  let path: String
  private let name: String

  /// Finds a program in the folders of `PATH`, of which relative ones are left out, or at an absolute path.
  ///
  /// - Throws: ``DocumentParserError/needsProgram(_:package:)``.
  init(_ name: String, package: String) throws(DocumentParserError) {
    guard let path = Self.find(name) else {
      throw DocumentParserError.needsProgram(name, package: package)
    }
    (self.path, self.name) = (path, name)
  }

  private static func find(_ name: String) -> String? {
    if name.hasPrefix("/") {
      return FileManager.default.isExecutableFile(atPath: name) ? name : nil
    }
    guard !name.contains("/") else { return nil }
    return (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs the program. Blocks its thread until it has ended.
  ///
  /// - Parameters:
  ///   - arguments: `{}` stands for the path of the file.
  ///   - others: more files of the folder in which it runs, by name.
  ///   - limit: the longest that it may take.
  /// - Returns: what it printed.
  func run(
    _ arguments: [String], on file: ParsedFile, beside others: [String: String] = [:],
    limit: Duration = Self.timeLimit
  ) throws -> Data {
    let folder = FileManager.default.temporaryDirectory.appending(path: "parse-\(UUID())")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    // Its bytes as they were read, under a name that no program takes for an option.
    let copy = folder.appending(path: "file.\(file.ending.filter { $0.isLetter || $0.isNumber })")
    try file.bytes.write(to: copy)
    for (name, text) in others { try Data(text.utf8).write(to: folder.appending(path: name)) }
    let (output, errors) = (folder.appending(path: "output"), folder.appending(path: "errors"))
    for url in [output, errors] { try Data().write(to: url) }

    let process = Process()
    var line = [path] + arguments.map { $0.replacingOccurrences(of: "{}", with: copy.path) }
    if let prlimit = Self.find("prlimit") { line = [prlimit] + limits(limit) + ["--"] + line }
    process.executableURL = URL(filePath: line[0])
    process.arguments = Array(line.dropFirst())
    process.currentDirectoryURL = folder
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    do {
      try process.run()
    } catch {
      throw DocumentParserError.notStarted(name, error)
    }
    let end = DispatchTime.now() + limit / .seconds(1)
    var isLate = false
    // Foundation tells of the end only when all that the program has started has ended too.
    while ended.wait(timeout: .now() + .milliseconds(50)) == .timedOut {
      isLate = .now() > end
      guard isLate || Self.isOver(process.processIdentifier) else { continue }
      // A process begins a group of its own.
      kill(-process.processIdentifier, SIGKILL)
      kill(process.processIdentifier, SIGKILL)
      ended.wait()
      break
    }
    guard !isLate else { throw DocumentParserError.timedOut(limit) }
    switch (process.terminationReason, process.terminationStatus) {
    case (.exit, 0): break
    // By the signal, or by an error of its own if it does not take the signal.
    case _ where try output.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0 >= Self.fileLimit:
      throw tooMuch
    case (.exit, 251) where name == "pandoc":
      throw DocumentParserError.pandocNeedsMemory
    default: throw DocumentParserError.ended(name, process, lastLine: Self.lastLine(of: errors))
    }
    do {
      return try WholeFile.read(output.path, limit: Self.outputLimit)
    } catch FileProblem.Reason.tooLarge {
      throw tooMuch
    }
  }

  /// Whether a process of this one has ended, whatever it has left behind.
  private static func isOver(_ process: Int32) -> Bool {
    var information = siginfo_t()
    // It is only looked at: Foundation takes its status.
    return waitid(P_PID, id_t(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0
      && information.si_signo != 0
  }

  /// What the system is to hold the program to, as arguments of `prlimit`.
  private func limits(_ time: Duration) -> [String] {
    // Also if nobody is left to end it. Of several threads each may take the whole time.
    let seconds =
      Int((time / .seconds(1)).rounded(.up)) * ProcessInfo.processInfo.processorCount
    var limits = [
      "--fsize=\(Self.atMost(Self.fileLimit, RLIMIT_FSIZE))",
      "--cpu=\(Self.atMost(seconds, RLIMIT_CPU))",
    ]
    // pandoc has a limit of its own: it takes hold of far more addresses than memory.
    if name != "pandoc" { limits.append("--as=\(Self.atMost(Self.memoryLimit, RLIMIT_AS))") }
    return limits
  }

  #if canImport(Glibc)
    private typealias Resource = __rlimit_resource
    private static func own(_ resource: Resource, _ limits: inout rlimit) -> Int32 {
      getrlimit(__rlimit_resource_t(resource.rawValue), &limits)
    }
  #else
    private typealias Resource = Int32
    private static func own(_ resource: Resource, _ limits: inout rlimit) -> Int32 {
      getrlimit(resource, &limits)
    }
  #endif

  /// A limit, or that of this process if it is lower: nobody may raise it.
  private static func atMost(_ wanted: Int, _ resource: Resource) -> Int {
    var limits = rlimit()
    guard own(resource, &limits) == 0 else { return wanted }
    return Int(clamping: min(UInt64(wanted), UInt64(limits.rlim_max)))
  }

  private var tooMuch: DocumentParserError {
    .printed(moreThan: Self.outputLimit, by: name)
  }

  /// What a program said of its failure.
  private static func lastLine(of file: URL) -> Substring? {
    let said = (try? WholeFile.read(file.path, limit: 1 << 20)) ?? Data()
    return String(decoding: said, as: UTF8.self).split(whereSeparator: \.isNewline).last
  }
}

/// The number of pages of a file.
package enum PageCount {
  private static let pictures: Set<String> = ["png", "jpg", "jpeg", "bmp", "webp", "heic", "heif"]

  /// The pages of a PDF document, or 1 for a picture; nil if it is not known.
  ///
  /// Blocks its thread: `pdfinfo` of Poppler is asked if it is installed, else the objects of the file are
  /// counted, which newer files do not show.
  package static func of(_ file: ParsedFile) -> Int? {
    if pictures.contains(file.ending) { return 1 }
    guard file.ending == "pdf" else { return nil }
    if let program = try? Program("pdfinfo", package: "poppler-utils"),
      let output = try? program.run(["{}"], on: file)
    {
      let line = String(decoding: output, as: UTF8.self).split(separator: "\n")
        .first { $0.hasPrefix("Pages:") }
      if let count = line?.split(separator: " ").last.flatMap({ Int($0) }), count > 0 {
        return count
      }
    }
    return countedPages(file.bytes)
  }

  /// How many objects `/Type /Page` there are; nil if none can be seen.
  static func countedPages(_ bytes: Data) -> Int? {
    var count = 0
    var rest = bytes[...]
    while let found = rest.firstRange(of: Data("/Type".utf8)) {
      rest = rest[found.upperBound...]
      let value = rest.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
      let name = value.dropFirst(5).first
      let isName = name.map { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) } ?? false
      if value.starts(with: "/Page".utf8), !isName { count += 1 }
    }
    return count > 0 ? count : nil
  }
}
