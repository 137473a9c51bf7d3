// A `.env` file on the disk and what it says. Read by SettingSources; the text is taken apart by
// EnvironmentFileParser.

import Foundation
import VectorStore

/// The entries of a `.env` file.
///
/// Read by python-dotenv's rules (``EnvironmentFileParser``). What cannot be read is an error that
/// names the file and the line, never a value.
struct EnvironmentFile: Sendable {
  /// One `NAME=value`.
  struct Entry: Sendable, Hashable {
    let name: String
    /// The value, or nil where the name stands without `=`.
    let value: HiddenText?
    /// The line on which the entry begins, from 1.
    let line: Int
    /// Whether the value names another variable, as `${NAME}` outside single quotes.
    let refersToVariable: Bool
  }

  /// What stands at a path.
  enum Reading: Sendable {
    case nothing
    /// A folder, a pipe or a device: not read.
    case notRegular
    case file(EnvironmentFile)
  }

  /// Far more than any file of settings holds.
  static let maximumBytes = 1 << 20

  /// The file's name, for messages.
  let name: String
  /// The entries in the file's order. Of entries of one name the last one counts.
  let entries: [Entry]

  /// Takes apart the text of a file.
  ///
  /// - Throws: ``SettingsError`` for a line that is no entry and no comment.
  init(name: String, text: String) throws {
    self.name = name
    var parser = EnvironmentFileParser(name: name, text: text)
    entries = try parser.entries()
  }

  /// Reads a file of a folder, if it is there and a regular file.
  ///
  /// - Throws: ``SettingsError`` for a file that cannot be read, is no text or has a wrong line.
  /// - Complexity: O(bytes of the file), at most ``maximumBytes``.
  static func read(_ name: String, in folder: String) throws -> Reading {
    let path = URL(filePath: folder, directoryHint: .isDirectory).appending(path: name).path
    func unreadable(_ reason: String) -> SettingsError {
      SettingsError(
        message: "cannot read \(name): \(reason); mend it, or work in another folder")
    }
    do {
      let text = try TextDecoder.decode(try WholeFile.read(path, limit: maximumBytes))
      return .file(try EnvironmentFile(name: name, text: text))
    } catch let reason as FileProblem.Reason {
      switch reason {
      case .missing: return .nothing
      case .notFile: return .notRegular
      default: throw unreadable(reason.description)
      }
    } catch let problem as TextDecodingError {
      throw unreadable(problem.description)
    }
  }
}
