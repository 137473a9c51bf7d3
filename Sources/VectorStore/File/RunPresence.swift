// The sign that a run is at work: a lock that the system takes back when the run's process ends.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A run at work, as other runs see it: a shared lock on one byte, at the run's id, of the empty file
/// `-runs` beside the store.
///
/// The system releases the lock however the process ends, so no process number can be mistaken for
/// another's. The lock belongs to an open file (`F_OFD_SETLK`), so runs of one process see each other
/// too; `flock(2)` has no bytes, and a process loses POSIX locks when it closes any descriptor of the
/// file.
final class FileRunPresence: RunPresence {
  #if canImport(Darwin)
    private static let setLock: CInt = 90  // F_OFD_SETLK
    private static let getLock: CInt = 92  // F_OFD_GETLK
  #else
    private static let setLock: CInt = 37  // F_OFD_SETLK, which needs _GNU_SOURCE
    private static let getLock: CInt = 36  // F_OFD_GETLK
  #endif

  private let run: Int64
  private let descriptor: CInt

  /// Shows that a run of the store at `storePath` is at work, until this value goes.
  ///
  /// - Throws: ``StoreError`` with `readOnly`, `diskFull` or `cannotOpen` where the file cannot be
  ///   made, `inputOutput` where the file system knows no such locks.
  init(storePath: String, run: Int64) throws {
    let path = storePath + "-runs"
    self.run = run
    descriptor = try StoreLock.openFile(path, beside: storePath)
    var lock = Self.range(of: run, type: F_RDLCK)
    guard fcntl(descriptor, Self.setLock, &lock) == 0 else {
      let reason = String(cString: strerror(errno))
      close(descriptor)
      throw StoreError(
        .inputOutput,
        "cannot lock \(path): \(reason); keep the store on a disk of this machine")
    }
  }

  deinit { close(descriptor) }

  /// Whether a run is at work: this one, or any other of any process.
  func isAtWork(_ other: Int64) -> Bool {
    guard other != run else { return true }
    guard other >= 0 else { return false }
    // A shared lock is in the way of an exclusive one, which is only asked about.
    var lock = Self.range(of: other, type: F_WRLCK)
    return fcntl(descriptor, Self.getLock, &lock) == 0 && CInt(lock.l_type) != CInt(F_UNLCK)
  }

  private static func range(of run: Int64, type: some BinaryInteger) -> flock {
    var range = flock()
    range.l_type = Int16(type)
    range.l_whence = Int16(SEEK_SET)
    range.l_start = off_t(run)
    range.l_len = 1
    return range
  }
}
