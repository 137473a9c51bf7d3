// Commands that read files: the user gives them by --convert, and allows those that only a store remembers.

import ArgumentParser
import Foundation
import VectorStore

/// Commands that read files of further kinds.
struct ConvertOptions: ParsableArguments {
  @Option(
    name: .customLong("convert"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Read files of an ending by a command that prints their text, as 'doc=antiword {}'; 'doc=' ends that. Repeatable.",
      valueName: "ending=command"),
    transform: Self.converter)
  var converters: [FileConverter] = []

  private static func converter(_ line: String) throws -> FileConverter {
    do {
      return try FileConverter(line: line, folder: FileManager.default.currentDirectoryPath)
    } catch {
      throw ValidationError("\(error)")
    }
  }
}

/// The commands that the user has given or allowed, which a store may remember: a converter a line, as JSON.
struct AllowedCommands {
  private let file: AllowedLines

  /// The file in a state folder.
  init(stateFolder: String) {
    file = AllowedLines(
      path: stateFolder + "/allowed-commands",
      heading:
        "# Commands that `store` may run to read files although only a store remembers them. Delete a line to\n"
        + "# be asked again.\n")
  }

  /// All of them.
  func all() -> Set<FileConverter> {
    Set(
      file.lines().compactMap {
        try? JSONDecoder().decode(FileConverter.self, from: Data($0.utf8))
      })
  }

  /// Adds a command for good; where that fails, the user is asked again.
  func add(_ converter: FileConverter) {
    do {
      try file.add(try JSONOutput.line(converter).trimmingCharacters(in: .newlines))
    } catch {
      Terminal.standardError.write("warning: \(Terminal.oneLine("\(error)"))\n")
    }
  }
}

extension Settings {
  /// Allows commands that the user gives, and asks on a terminal about others that the store remembers: it may
  /// have come from somebody else. Those that are not allowed are not run, and each of their files says so.
  ///
  /// - Parameters:
  ///   - collection: whose roots are brought in step; nil for all.
  ///   - remembers: whether the user's word counts from now on.
  mutating func permit(
    _ given: [FileConverter], in collection: String?, remembers: Bool
  ) async {
    func allow(_ converter: FileConverter) {
      guard configuration.allowedConverters.insert(converter).inserted, remembers else { return }
      allowedCommands.add(converter)
    }
    given.filter { !$0.command.isEmpty }.forEach(allow)
    guard Confirmation.isPossible else { return }
    // Whoever opens the store next says what is wrong with it.
    let roots = (try? await existingStore()?.roots(in: collection)) ?? []
    let replaced = Set(given.map(\.ending))
    var asked: Set<FileConverter> = []
    for root in roots {
      for converter in root.converters
      where !replaced.contains(converter.ending) && asked.insert(converter).inserted
        && !configuration.allowedConverters.contains(converter)
      {
        Terminal.standardError.write(
          Terminal.oneLine(
            "\(StorePlace(storePath).shown) has .\(converter.ending) files of \(root.path) read by a command that you have not "
              + "allowed: \(converter.commandLine)") + "\n")
        if Confirmation.isAgreed("Run this command?") { allow(converter) }
      }
    }
  }
}
