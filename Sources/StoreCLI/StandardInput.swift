// What comes from outside the command line: standard input, answers to questions, and files that must be there.

import ArgumentParser
import Foundation
import VectorStore

enum StandardInput {
  /// Standard input as one text, as long as a document may be; judged while it comes.
  ///
  /// - Throws: ``StoreError`` with `notText`, `textTooLong` or `inputOutput`.
  static func text() throws -> String {
    try text(limit: AddOptions.maximumTextBytes, advice: "split it, or add it as files")
  }

  /// The lines of standard input that are not blank, one query each.
  static func lines() throws -> [String] {
    let lines = try text(limit: 64 << 20, advice: "ask fewer questions at a time")
      .split(whereSeparator: \.isNewline).map(String.init)
      .filter { $0.contains { !$0.isWhitespace } }
    guard !lines.isEmpty else {
      throw StoreError(.empty, "standard input has no query; write one a line")
    }
    return lines
  }

  private static func text(limit: Int, advice: String) throws -> String {
    do {
      var screen = TextDecoder.Screen()
      return try TextDecoder.decode(
        try WholeFile.read(stream: 0, limit: limit) { try screen.look(at: $0) })
    } catch let reason as FileProblem.Reason {
      if case .tooLarge = reason {
        throw StoreError(.textTooLong, "standard input is \(reason); \(advice)")
      }
      throw StoreError(.inputOutput, "standard input cannot be read: \(reason)")
    } catch {
      throw StoreError(.notText, "standard input: \(error)", underlying: error)
    }
  }
}

enum InputPath {
  /// Throws unless a file is there, before a store is made for it.
  static func check(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StoreError(.pathNotFound, "there is no file \(path); check the path")
    }
  }
}

enum VectorFile {
  /// All rows of a .npy file.
  static func rows(_ path: String) throws -> [[Float]] {
    do {
      let reader = try NPYReader(path: path)
      var block: [Float] = []
      try reader.read(rows: 0..<reader.rows, into: &block)
      return (0..<reader.rows).map { row in
        Array(block[row * reader.dimensions..<(row + 1) * reader.dimensions])
      }
    } catch {
      throw StoreError(error)
    }
  }
}

enum Confirmation {
  /// Whether somebody sees a question and can answer it.
  static var isPossible: Bool { isatty(0) == 1 && isatty(2) == 1 }

  /// Asks on standard error; anything but yes is no.
  static func isAgreed(_ question: String) -> Bool {
    Terminal.standardError.write(question + " [y/N] ")
    return ["y", "yes"].contains(readLine()?.lowercased())
  }

  /// Shows what is to be done and asks whether to do it; where nobody can answer, `advice` is the error.
  static func ask(_ summary: String, advice: String, refusal: String) throws {
    let terminal = Terminal.standardError
    terminal.write(summary + "\n")
    guard isPossible else { throw ValidationError(advice) }
    guard isAgreed("Go on?") else {
      terminal.write(refusal + "\n")
      throw ExitCode.failure
    }
  }
}
