// The files behind an open connection: whether they are still those at their paths. Asked by ReaderPool before
// each read and by WriterConnection around each commit.

import Foundation

/// Which files a connection has open. Another program may move a backup over them, or delete them: SQLite
/// would go on with files that nobody else can find.
struct OpenFiles: Sendable {
  private let path: String
  private let file: FileIdentity?
  /// Nil where the file is read without its log.
  private let log: FileIdentity?

  /// Notes the files of a connection that `open` opens and has read with, so that its log is open too.
  ///
  /// - Throws: what `open` throws, and ``StoreError/Code/fileReplaced``.
  static func noted<C>(at path: String, _ open: () throws -> C) throws -> (C, OpenFiles) {
    let before = FileIdentity(path)
    let connection = try open()
    let files = OpenFiles(path)
    guard files.file == before else { throw files.replaced("the file") }
    return (connection, files)
  }

  private init(_ path: String) {
    // The process may change its working folder, and somebody a link on the way.
    if let real = realpath(path, nil) {
      self.path = String(cString: real)
      free(real)
    } else {
      self.path = path
    }
    file = FileIdentity(path)
    log = FileIdentity(path + "-wal")
  }

  /// Throws ``StoreError/Code/fileReplaced`` unless the same files are at their paths.
  ///
  /// - Complexity: two look-ups of the system, some microseconds.
  func check() throws {
    guard FileIdentity(path) == file else { throw replaced("the file") }
    guard log == nil || FileIdentity(path + "-wal") == log else {
      throw replaced("its log \(path)-wal")
    }
  }

  private func replaced(_ what: String) -> StoreError {
    StoreError(
      .fileReplaced,
      "\(what == "the file" ? path : what) was replaced or deleted while \(path) was open, so that what was "
        + "written last may be lost and what is read may be out of date; if another file was put there, "
        + "\(StoreError.adviceOnSides(path)); then open the store and add again what is missing")
  }
}
