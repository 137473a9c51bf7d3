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
