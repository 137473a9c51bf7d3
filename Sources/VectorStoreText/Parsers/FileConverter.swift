// Files that a command of the user's reads: which command reads which files, and the parser that runs it.

internal import Foundation

/// A command of the user's that prints the text of files of one kind.
///
/// ```swift
/// options.converters = [try FileConverter(ending: "doc", command: ["antiword", "{}"])]
/// ```
///
/// It is started itself, without a shell, in an empty folder, with limits of time and memory. A form feed in its
/// output begins the next page.
public struct FileConverter: Sendable, Hashable, Codable {
  /// The ending of the files' names, in small letters and without the dot.
  public let ending: String
  /// The program, by its name or its absolute path, and its arguments, of which `{}` stands for the file's path.
  /// Empty reads the files as without a converter.
  public let command: [String]

  /// Creates a converter.
  ///
  /// - Throws: ``FileConverterError`` if the ending is none, the program is named by a path that is not absolute,
  ///   or no argument holds `{}`.
  public init(ending: String, command: [String]) throws(FileConverterError) {
    let bare = ending.hasPrefix(".") ? String(ending.dropFirst()) : ending
    guard !bare.isEmpty, bare.allSatisfy({ $0.isLetter || $0.isNumber || "-_+".contains($0) })
    else { throw .ending(ending) }
    self.ending = bare.lowercased()
    self.command = command
    guard let program = command.first else { return }
    guard !program.isEmpty, program.hasPrefix("/") || !program.contains("/") else {
      throw .program(program)
    }
    guard command.dropFirst().contains(where: { $0.contains("{}") }) else { throw .noFile(ending) }
    guard !command.contains(where: { $0.utf8.contains(0) }) else { throw .program(program) }
  }

  /// Creates a converter from a line as it is typed, `doc=antiword -w 0 {}`.
  ///
  /// The command is split at white space. Single and double quotes keep a part together, a backslash keeps the
  /// character after it; nothing else has a meaning. Nothing after the `=` removes a converter.
  ///
  /// - Parameter folder: where the paths of the program and of files among its arguments begin, if they are not
  ///   absolute: the command runs elsewhere.
  /// - Throws: ``FileConverterError``.
  public init(line: String, folder: String) throws(FileConverterError) {
    guard let equals = line.firstIndex(of: "=") else { throw .line(line) }
    var words = try Self.words(of: line[line.index(after: equals)...])
    for place in words.indices where !words[place].hasPrefix("/") {
      let word = words[place]
      guard place == 0 ? word.contains("/") : word.contains("/") || word.contains(".") else {
        continue
      }
      let path = URL(filePath: folder).appending(path: word).standardizedFileURL.path
      var status = stat()
      let isFile = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      if place == 0 || isFile { words[place] = path }
    }
    try self.init(ending: String(line[..<equals]), command: words)
  }

  /// The words of a command line.
  private static func words(of line: Substring) throws(FileConverterError) -> [String] {
    var (words, word, quote): ([String], String?, Character?) = ([], nil, nil)
    var rest = line
    while let character = rest.popFirst() {
      switch (character, quote) {
      case ("\\", _)
      where quote == nil || quote == "\"" && rest.first.map("\"\\".contains) == true:
        guard let next = rest.popFirst() else { throw .unfinished(String(line)) }
        word = (word ?? "") + [next]
      case (_, let open?):
        if character == open { quote = nil } else { word?.append(character) }
      case ("\"", nil), ("'", nil):
        quote = character
        word = word ?? ""
      default:
        if !character.isWhitespace {
          word = (word ?? "") + [character]
        } else if let done = word {
          words.append(done)
          word = nil
        }
      }
    }
    guard quote == nil else { throw .unfinished(String(line)) }
    return words + (word.map { [$0] } ?? [])
  }
}

extension FileConverter: CustomStringConvertible {
  /// As ``init(line:folder:)`` reads it.
  public var description: String { "\(ending)=\(commandLine)" }

  /// The command alone, quoted.
  package var commandLine: String {
    command.map { word in
      let isPlain = word.allSatisfy {
        $0.isLetter || $0.isNumber || "-_+=/.,:@%{}".contains($0)
      }
      if isPlain, !word.isEmpty { return word }
      return word.contains("'")
        ? "\"" + word.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        : "'\(word)'"
    }.joined(separator: " ")
  }
}

/// What is wrong with a converter.
public enum FileConverterError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is not `ending=command`.
  case line(String)
  /// What is no ending of names.
  case ending(String)
  /// A program named by a path that is not absolute, or by nothing.
  case program(String)
  /// No argument of the command for this ending stands for the file.
  case noFile(String)
  /// A quote that is not closed, or a backslash at the end.
  case unfinished(String)

  /// What was found, and what was expected.
  public var description: String {
    switch self {
    case .line(let found): "found \"\(found)\", expected ending=command, as doc=antiword {}"
    case .ending(let found):
      "found \"\(found)\" as the ending of files' names, expected letters and digits, as doc"
    case .program(let found):
      "found \"\(found)\" as the program, expected its name or its absolute path"
    case .noFile(let ending):
      "the command for .\(ending) files does not say where the file's path belongs; write {} there"
    case .unfinished(let found): "found \(found), in which a quote is not closed"
    }
  }
}

/// Runs a converter.
package struct CommandParser: DocumentParser {
  package let endings: Set<String>
  package var identity: String? { "command \(converter)" }
  private let converter: FileConverter
  private let isAllowed: Bool
  private let addedPaths: [String]
  private let timeLimit: Duration

  /// Creates a parser. The program need not be there yet.
  ///
  /// - Parameters:
  ///   - isAllowed: whether the user allowed to run it.
  ///   - addedPaths: folders and files whose content may be anyone's: absolute, without links. No program is taken
  ///     from there.
  package init(
    _ converter: FileConverter, isAllowed: Bool = true, addedPaths: [String] = [],
    timeLimit: Duration = Program.timeLimit
  ) {
    self.timeLimit = timeLimit
    self.converter = converter
    self.isAllowed = isAllowed
    self.addedPaths = addedPaths
    endings = [converter.ending]
  }

  package func parse(_ file: ParsedFile) throws -> ParsedDocument {
    guard isAllowed else {
      throw DocumentParserError.notAllowed(converter)
    }
    let program = try checkedProgram()
    let output = try program.run(Array(converter.command.dropFirst()), on: file, limit: timeLimit)
    guard let text = try? TextDecoder.decode(output) else {
      throw DocumentParserError.printedNoUTF8(converter)
    }
    guard text.contains(where: { !$0.isWhitespace }) else {
      throw DocumentParserError.printedNothing(converter)
    }
    return ParsedDocument(text: text)
  }

  /// The program, if it may be run.
  ///
  /// - Throws: ``DocumentParserError`` with `needsProgram`, or with `notRun` if it, or a file among its arguments,
  ///   comes from an added folder, by whatever links.
  @discardableResult
  package func checkedProgram() throws(DocumentParserError) -> Program {
    let name = converter.command.first ?? ""
    let program = try Program(name, package: name)
    // As an argument, or as the value of an option.
    let arguments = converter.command.dropFirst().flatMap { argument in
      [argument] + argument.split(separator: "=").dropFirst().map(String.init)
    }
    for path in [program.path] + arguments where path.hasPrefix("/") {
      guard let folder = addedPaths.first(where: { Self.leads(path, into: $0) }) else { continue }
      throw .runsWhatIsAdded(converter, path, in: folder)
    }
    return program
  }

  /// Whether a path lies in a folder, or any of the links on its way does.
  private static func leads(_ path: String, into folder: String) -> Bool {
    var rest = path.split(separator: "/").map(String.init)[...]
    var (done, steps) = ("", 0)
    while let part = rest.popFirst() {
      if part == "." { continue }
      if part == ".." {
        done = done.lastIndex(of: "/").map { String(done[..<$0]) } ?? ""
        continue
      }
      let here = done + "/" + part
      if SourceIdentity.relative(here, below: folder) != nil { return true }
      guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: here) else {
        done = here
        continue
      }
      steps += 1
      // A loop of links leads nowhere.
      guard steps < 64 else { return false }
      if target.hasPrefix("/") { done = "" }
      rest = (target.split(separator: "/").map(String.init) + rest)[...]
    }
    return false
  }
}
