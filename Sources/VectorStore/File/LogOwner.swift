// Whether a write-ahead log belongs to the file it lies beside: after a kill a backup may have been copied over
// the file, and SQLite would write the old log into it. Asked by StoreFile before its first connection, which
// would do that.

import Foundation
import GRDB
import GRDBSQLite
import VectorStoreText

/// Compares the generations in a log with that of its file.
///
/// Every write transaction puts the page of `store_state` into the log. A generation tells the one before
/// it (``StoreStateTable``), so a log belongs to a file whose generation is the one before the log's first,
/// or one of the log's own that was copied into the file already.
struct LogOwner {
  private let path: String

  /// Throws ``StoreError/Code/foreignLog`` where the log beside a file is certainly another file's.
  ///
  /// - Complexity: O(pages in the log), a few bytes of each; nothing where the log is empty.
  static func check(_ path: String, timeout: Duration?) throws {
    let owner = LogOwner(path: path)
    guard StoreFile.size(of: path + "-wal") > 0, owner.isForeign() else { return }
    // A writer may have been at work: look again while there is none.
    let lock = StoreLock(storePath: path, isShared: true)
    let isForeign: Bool
    do {
      isForeign = try lock.withLock(timeout: timeout) { owner.isForeign() }
    } catch let error as StoreError where error.code == .locked {
      // Whoever writes for so long has looked.
      return
    }
    guard isForeign else { return }
    throw StoreError(
      .foreignLog,
      "\(path)-wal does not belong to \(path): it holds changes of another file, and opening would write them "
        + "into this one and damage it; nothing was changed. If \(path) is a backup that was put there, delete "
        + "\(path)-wal and \(path)-shm and open it again; if not, put the file back that the log belongs to"
    )
  }

  /// Only what contradicts is foreign: a log that tells nothing may be anybody's.
  private func isForeign() -> Bool {
    guard let log = try? logGenerations(), let first = log.first,
      let file = try? fileGeneration(), StoreStateTable.isPossible(file),
      StoreStateTable.tellsItsPredecessor(file)
    else { return false }
    return !log.contains(file) && !StoreStateTable.mayFollow(first, on: file)
  }

  /// The generation in the file itself, as if there were no log.
  private func fileGeneration() throws -> Int64? {
    var configuration = Configuration()
    configuration.readonly = true
    let queue = try DatabaseQueue(
      path: ReaderPool.uri(path, "immutable=1"), configuration: configuration)
    defer { try? queue.close() }
    return try queue.read { db -> Int64? in
      var (root, pageSize): (Int64, Int64) = (0, 0)
      try db.forEachRawRow(
        bulk: "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_master "
          + "WHERE type = 'table' AND name = 'store_state'"
      ) { (root, pageSize) = ($0.integer(0), $0.integer(1)) }
      guard root > 1, root < Int64(Int32.max), (512...65536).contains(pageSize) else { return nil }
      let page = try db.bytes(at: (root - 1) * pageSize, count: Int(pageSize))
      return page.withUnsafeBytes { StatePage(header: $0) }?.generation { offset, count in
        Array(page.dropFirst(offset).prefix(count))
      }
    }
  }

  /// The generations in the log that SQLite would replay, in its order.
  private func logGenerations() throws -> [Int64] {
    let file = try InputFile(path: path + "-wal")
    func bytes(at offset: Int, _ count: Int) throws -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: count)
      let found = try bytes.withUnsafeMutableBytes {
        Result { [buffer = $0] () throws(InterchangeError) in
          try file.read(into: buffer, at: offset)
        }
      }.get()
      return Array(bytes.prefix(found))
    }
    let header = try bytes(at: 0, 32)
    guard header.count == 32, header[0..<3] == [0x37, 0x7f, 0x06] else { return [] }
    let size = header[8..<12].reduce(0) { $0 << 8 | Int($1) }
    guard (512...65536).contains(size) else { return [] }
    var (generations, offset): ([Int64], Int) = ([], 32)
    while true {
      let frame = try bytes(at: offset, 24 + StatePage.headerBytes)
      // Frames of an earlier round of the log have another salt.
      guard frame.count == 24 + StatePage.headerBytes, frame[8..<16] == header[16..<24] else {
        break
      }
      let start = offset + 24
      let page = frame[24...].withUnsafeBytes { StatePage(header: $0) }
      if let generation = try page?.generation({ try bytes(at: start + $0, $1) }) {
        generations.append(generation)
      }
      offset = start + size
    }
    return generations
  }
}

/// The page of `store_state`, told by its form: a leaf of a table with one row, whose id is 1 and which has one
/// whole number.
private struct StatePage {
  static let headerBytes = 10
  private let cell: Int

  /// Nil where the first bytes are those of another page.
  init?(header: UnsafeRawBufferPointer) {
    guard header.count >= Self.headerBytes, header[0] == 0x0D, header[3] == 0, header[4] == 1 else {
      return nil
    }
    cell = Int(header[8]) << 8 | Int(header[9])
  }

  /// - Parameter bytes: reads bytes of the page, fewer at its end.
  func generation(_ bytes: (_ offset: Int, _ count: Int) throws -> [UInt8]) rethrows -> Int64? {
    // Payload size, id, size of the record's header, type of the id (null), type of the number, the number.
    let bytes = try bytes(cell, 13)
    let widths: [UInt8: Int] = [3: 3, 4: 4, 5: 6, 6: 8]
    guard bytes.count > 5, bytes[1] == 1, bytes[2] == 3, bytes[3] == 0,
      let width = widths[bytes[4]],
      Int(bytes[0]) == 3 + width, bytes.count >= 5 + width
    else { return nil }
    let number = bytes[5..<(5 + width)].reduce(Int64(bytes[5] >= 0x80 ? -1 : 0)) {
      $0 << 8 | Int64($1)
    }
    let isTelling =
      StoreStateTable.isPossible(number) && StoreStateTable.tellsItsPredecessor(number)
    return isTelling ? number : nil
  }
}

extension Database {
  /// Bytes of the file itself, without its log, read through SQLite's own descriptor: a process loses its locks
  /// on a file when it closes any other.
  ///
  /// - Throws: `DatabaseError` where the file ends before.
  func bytes(at offset: Int64, count: Int) throws -> [UInt8] {
    var file: UnsafeMutablePointer<sqlite3_file>?
    var code = sqlite3_file_control(sqliteConnection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
    var bytes = [UInt8](repeating: 0, count: count)
    if code == SQLITE_OK, let file, let read = file.pointee.pMethods?.pointee.xRead {
      code = read(file, &bytes, Int32(count), offset)
    }
    guard code == SQLITE_OK else {
      throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "reading at \(offset)")
    }
    return bytes
  }
}
