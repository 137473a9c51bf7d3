// The folders in which vocabularies lie, shared with tiktoken.

import Foundation

/// Folders that keep a vocabulary's file under its cache name.
struct TokenVocabularyCache: Sendable {
  let file: TokenVocabularyFile
  /// Read in this order; a file is kept in the first one that can be written.
  let folders: [String]

  /// - Parameter folders: an empty name is no folder.
  init(file: TokenVocabularyFile, folders: [String]) {
    self.file = file
    self.folders = folders.filter { !$0.isEmpty }
  }

  /// The paths at which the file may lie.
  var paths: [String] {
    folders.map { ($0.hasSuffix("/") ? $0 : $0 + "/") + file.cacheName }
  }

  /// The bytes of the first file that is right, and what is wrong with those before it.
  func read() -> (bytes: [UInt8]?, problems: [TokenVocabularyProblem]) {
    var problems: [TokenVocabularyProblem] = []
    for path in paths where FileManager.default.fileExists(atPath: path) {
      do throws(TokenVocabularyProblem) {
        return (try read(path), problems)
      } catch {
        problems.append(error)
      }
    }
    return (nil, problems)
  }

  /// Keeps the file in the first folder that takes it, whole or not at all.
  ///
  /// - Returns: why folders did not take it.
  func write(_ bytes: [UInt8]) -> [TokenVocabularyProblem] {
    var problems: [TokenVocabularyProblem] = []
    for (folder, path) in zip(folders, paths) {
      do {
        try FileManager.default.createDirectory(
          atPath: folder, withIntermediateDirectories: true)
        // Atomic: written under another name, then renamed.
        try Data(bytes).write(to: URL(filePath: path), options: .atomic)
        return problems
      } catch {
        problems.append(.unwritable(path: path, reason: error.localizedDescription))
      }
    }
    return problems
  }

  private func read(_ path: String) throws(TokenVocabularyProblem) -> [UInt8] {
    let bytes: [UInt8]
    do {
      // A file of another size is not read, however large it is, nor is what is no plain file.
      var status = stat()
      guard stat(path, &status) == 0 else { throw FileProblem.Reason(errno: errno) }
      if status.st_mode & S_IFMT == S_IFREG, status.st_size != file.size {
        throw TokenVocabularyProblem.wrongSize(
          place: path, found: Int(status.st_size), expected: file.size)
      }
      bytes = [UInt8](try WholeFile.read(path, limit: file.size))
    } catch let problem as TokenVocabularyProblem {
      throw problem
    } catch let reason as FileProblem.Reason {
      throw .unreadable(place: path, reason: "\(reason)")
    } catch {
      throw .unreadable(place: path, reason: error.localizedDescription)
    }
    if let problem = file.problem(with: bytes, from: path) { throw problem }
    return bytes
  }
}

/// A published vocabulary.
package struct TokenVocabularyFile: Sendable, Hashable {
  /// The encoding's name.
  package var name: String
  /// The public address.
  package var address: String
  /// Its name in a cache folder, which is the SHA-1 of the address in hexadecimal, as tiktoken has it.
  package var cacheName: String
  /// Its size in bytes.
  package var size: Int
  /// Its SHA-256 in hexadecimal, as tiktoken's source has it.
  package var sha256: String

  /// The vocabulary of cl100k_base, with which OpenAI's embedding models count.
  package static let cl100k = TokenVocabularyFile(
    name: "cl100k_base",
    address: "https://openaipublic.blob.core.windows.net/encodings/cl100k_base.tiktoken",
    cacheName: "9b5ad71b2ce5302211f9c61530b329a4922fc6a4",
    size: 1_681_126,
    sha256: "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7")

  /// Why bytes are not this file, or nil if they are.
  ///
  /// - Parameter place: where they come from.
  /// - Complexity: O(bytes).
  func problem(with bytes: [UInt8], from place: String) -> TokenVocabularyProblem? {
    if bytes.count != size {
      return .wrongSize(place: place, found: bytes.count, expected: size)
    }
    let found = SHA256.hash(bytes).hexadecimal
    return found == sha256 ? nil : .wrongHash(place: place, found: found, expected: sha256)
  }
}
