// The documents under the paths of one `add`, in batches of bounded size. Called by Store+Add on a
// thread of the store's own; calls FileFinder and DocumentReader.

import Foundation
import Synchronization
import VectorStoreText

/// Some documents and what was met on the way to them.
struct FileBatch: Sendable {
  var documents: [IncomingDocument] = []
  var warnings: [String] = []
  /// Files that hold no text.
  var skipped = 0
  var failures: [StoreError] = []
  /// Files and problems met.
  var seen = 0
  var bytes = 0
}

/// Walks the paths and reads the files, a batch at a time.
final class FileBatches: Sendable {
  /// A batch is full with so many bytes of text, or so many documents.
  private static let (fullBytes, fullDocuments) = (4 << 20, 256)

  private let walk: Mutex<FileWalk>
  private let reader: DocumentReader
  private let finder: FileFinder

  /// The store's own files, which a folder may hold.
  private let storePath: String

  init(paths: [String], options: AddOptions, storePath: String) throws {
    self.storePath = Self.absolute(storePath)
    do {
      finder = try FileFinder(paths: paths, globs: options.globs)
    } catch {
      throw StoreError(.invalidArgument, "\(error)", underlying: error)
    }
    walk = Mutex(finder.makeIterator())
    reader = DocumentReader(options: options)
  }

  /// How many files there are. Walks the folders and reads no file.
  func count() -> Int {
    finder.reduce(0) { count, _ in count + 1 }
  }

  /// Whether a path is the store being written, its log, or another file beside it.
  private func isOfTheStore(_ path: String) -> Bool {
    let path = Self.absolute(path)
    guard path.hasPrefix(storePath) else { return false }
    return ["", "-wal", "-shm", "-journal", "-lock", "-runs", "-new"].contains(
      path.dropFirst(storePath.count))
  }

  private static func absolute(_ path: String) -> String {
    URL(filePath: path).standardizedFileURL.path
  }

  /// The next batch, nil behind the last. Blocks its thread.
  func next() -> FileBatch? {
    var found: [FoundFile] = []
    var batch = FileBatch()
    walk.withLock { walk in
      while found.count < Self.fullDocuments, batch.bytes < Self.fullBytes,
        let finding = walk.next()
      {
        batch.seen += 1
        switch finding {
        case .file(let file) where isOfTheStore(file.path):
          guard file.isNamed else { continue }
          batch.failures.append(
            StoreError(
              .invalidArgument,
              "\(file.source) is the store itself or belongs to it; add other files"))
        case .file(let file):
          found.append(file)
          batch.bytes += Int(StoreFile.size(of: file.path))
        case .problem(let problem):
          batch.failures.append(
            StoreError(.pathNotFound, "\(problem)", underlying: problem))
        }
      }
    }
    guard batch.seen > 0 else { return nil }
    for outcome in Parallel.map(found, { [reader] file in reader.read(file) }) {
      switch outcome {
      case .document(let document, let warning):
        batch.documents.append(document)
        if let warning { batch.warnings.append(warning) }
      case .skipped(let reason, let source):
        batch.skipped += 1
        // A picture needs no words. What is called text and is not gets some.
        if case .binary = reason, !DocumentFormat.isTextName(source) { continue }
        batch.warnings.append("\(source) is left out: \(reason)")
      case .failed(let error): batch.failures.append(error)
      }
    }
    return batch
  }
}
