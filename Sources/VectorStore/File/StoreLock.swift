// The one advisory lock beside a store, held by whoever opens it for writing, commits or
// checkpoints. This lock is there because SQLite 3.7.0 to 3.51.2 can corrupt a write-ahead log when
// one connection commits while another runs a second checkpoint.

import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// An advisory lock between processes, and between stores of one process, by `flock(2)` on a file
/// beside the store. Not by POSIX `fcntl`, whose locks a process loses when it closes any
/// descriptor of the file.
///
/// Used from one thread, the store's writer thread; waiting blocks it.
final class StoreLock {
  private static let suffix = "-lock"

  private let path: String
  private var descriptor: CInt = -1
  private var depth = 0
  private var acquired = ContinuousClock.now

  /// Whether others may share it, who only read: that keeps writers out, and makes no file.
  private let isShared: Bool

  /// Creates the lock of the store at `storePath`. Opens nothing yet.
  init(storePath: String, isShared: Bool = false) {
    path = storePath + StoreLock.suffix
    self.isShared = isShared
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Whether it is held. A shared lock is not, inside ``withLock(timeout:_:)`` too, where its file is
  /// missing or may not be read.
  var isHeld: Bool { depth > 0 && descriptor >= 0 }

  /// Runs `body` while the lock is held. May be nested.
  ///
  /// - Parameter timeout: how long to wait for another holder; nil waits without end.
  /// - Throws: ``StoreError/Code/locked`` after `timeout`, ``StoreError/Code/readOnly`` where the
  ///   lock's file cannot be made, `CancellationError` if the task that waits for this thread's work is
  ///   cancelled, or what `body` throws.
  func withLock<T>(timeout: Duration?, _ body: () throws -> T) throws -> T {
    if depth == 0 { try acquire(timeout: timeout) }
    depth += 1
    defer {
      depth -= 1
      if depth == 0 { release() }
    }
    return try body()
  }

  /// Throws unless a timeout is one: 0 to a year, or nil.
  static func check(timeout: Duration?) throws {
    let year = Duration.seconds(365 * 86400)
    guard timeout.map({ $0 >= .zero && $0 <= year }) ?? true else {
      throw StoreError(
        .invalidArgument,
        "the lock timeout is \(timeout?.description ?? "nil"); give 0 seconds to a year, or nil to wait "
          + "without end")
    }
  }

  private func acquire(timeout: Duration?) throws {
    if descriptor < 0 { try openFile() }
    guard descriptor >= 0 else { return }
    let started = ContinuousClock.now
    var pause: UInt32 = 500  // microseconds, doubled up to 4 ms
    while flock(descriptor, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else {
        throw StoreError(
          .inputOutput, "cannot lock \(path): \(String(cString: strerror(errno)))")
      }
      try Cancellation.check()
      if let timeout, ContinuousClock.now - started >= timeout {
        throw StoreError(
          .locked,
          "another process has been writing to the store for \((timeout / .seconds(1)).formatted()) s (lock \(path)); "
            + "wait for it to end, or raise the lock timeout")
      }
      usleep(pause)
      pause = min(pause * 2, 4000)
    }
    acquired = ContinuousClock.now
  }

  private func openFile() throws {
    guard isShared else {
      descriptor = try StoreLock.openFile(
        path, beside: String(path.dropLast(StoreLock.suffix.count)))
      return
    }
    try StoreLock.refuseObstacle(path)
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
  }

  /// Opens an empty file beside a store on which processes lock, and makes it where there is none.
  ///
  /// - Throws: ``StoreError`` with `readOnly`, `diskFull` or `cannotOpen`.
  static func openFile(_ path: String, beside store: String) throws -> CInt {
    try refuseObstacle(path)
    let flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
    var descriptor = open(path, O_RDWR | O_CREAT | flags, 0o600)
    // Another user's lock can be read where it cannot be written, which is enough for flock.
    let code = errno
    if descriptor < 0, code == EACCES { descriptor = open(path, O_RDONLY | flags) }
    guard descriptor >= 0 else { throw cannotOpen(path, code) }
    share(descriptor, as: store)
    return descriptor
  }

  private static func refuseObstacle(_ path: String) throws {
    if let obstacle = try FilePlace(path).obstacle {
      throw StoreError(
        .cannotOpen,
        "the store's lock \(path) cannot be used: it is \(obstacle), expected an empty file; remove it"
      )
    }
  }

  /// Whoever may write the store may take its lock: the lock has the permissions of the store, and its
  /// owner where root makes it.
  private static func share(_ descriptor: CInt, as path: String) {
    var (lock, store) = (stat(), stat())
    guard fstat(descriptor, &lock) == 0, lock.st_size == 0, lock.st_nlink == 1 else { return }
    let isThere = stat(path, &store) == 0
    let isRoot = geteuid() == 0
    guard isRoot || lock.st_uid == geteuid() else { return }
    if isThere, isRoot, lock.st_uid != store.st_uid {
      _ = fchown(descriptor, store.st_uid, store.st_gid)
    }
    let mode = isThere ? store.st_mode & 0o666 : 0o600
    if lock.st_mode & 0o777 != mode { _ = fchmod(descriptor, mode) }
  }

  /// Lets the lock go, and after a long hold gives those who look for it every few milliseconds a
  /// turn before it is taken again.
  private func release() {
    flock(descriptor, LOCK_UN)
    if ContinuousClock.now - acquired > .milliseconds(50) { usleep(6000) }
  }

  /// Why a lock's file cannot be made.
  private static func cannotOpen(_ path: String, _ code: CInt) -> StoreError {
    let reason = String(cString: strerror(code))
    if code == ENOSPC || code == EDQUOT {
      return StoreError(.diskFull, "cannot make the lock \(path): \(reason); free some space")
    }
    guard code == EACCES || code == EPERM || code == EROFS else {
      return StoreError(
        .cannotOpen, "cannot make the lock \(path): \(reason); check the folder")
    }
    return StoreError(
      .readOnly,
      "the store cannot be written: its lock \(path) cannot be made (\(reason)); "
        + "queries still work; to write, give yourself write permission to the folder")
  }
}
