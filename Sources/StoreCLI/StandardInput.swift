// What comes from outside the command line: standard input, and files that must be there. Called by
// Commands/.

import Foundation
import VectorStore

enum StandardInput {
  /// The bytes of standard input as one text.
  ///
  /// - Throws: ``StoreError/Code/malformedInput`` for bytes that are no text.
  static func text(_ bytes: Data) throws -> String {
    do {
      return try TextDecoder.decode(bytes)
    } catch {
      throw StoreError(.malformedInput, "standard input: \(error)", underlying: error)
    }
  }

  /// The lines of standard input that are not blank, one query each.
  static func lines() throws -> [String] {
    let bytes = try FileHandle.standardInput.readToEnd() ?? Data()
    let lines = try text(bytes).split(whereSeparator: \.isNewline).map(String.init)
      .filter { $0.contains { !$0.isWhitespace } }
    guard !lines.isEmpty else {
      throw StoreError(.empty, "standard input has no query; write one a line")
    }
    return lines
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
      throw StoreError(.malformedInput, "\(error)", underlying: error)
    }
  }
}
