// The user's database of spending and queries, and the folder that it lies in.

import Dispatch
import Foundation
import GRDB
import VectorStoreText

/// A database of its own form, opened at the first call and made at the first write: by whichever
/// of several processes comes first, whole or not at all.
///
/// All SQL runs on a thread of its own, never on Swift's pool.
///
/// `@unchecked Sendable`: `queue` is only touched on `thread`, all else is constant.
final class UserDatabase: @unchecked Sendable {
  /// What a file is: the numbers that tell it from others, its tables, its ways.
  struct Form: Sendable {
    /// For threads and connections.
    var label: String
    /// `application_id`, not 0.
    var applicationID: Int32
    /// SQL, oldest first; `user_version` counts how many of them a file has been through. Released
    /// ones are never changed.
    var migrations: [String]
    /// SQL that each connection begins with.
    var settings: String
    /// How long is waited for other processes, in milliseconds.
    var patience: Int

    /// `user_version` of the newest file this program reads.
    var version: Int32 { Int32(migrations.count) }

    /// Throws ``Refusal`` where a file of this form declares anything but what its migrations make: a
    /// trigger could change what was spent, a view or another table what is read of it. Files of others are
    /// passed over.
    func refuseForeignSchema(_ db: Database) throws {
      let found = try Int32.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      guard try Int32.fetchOne(db, sql: "PRAGMA application_id") == applicationID,
        found >= 1, found <= version
      else { return }
      let model = try DatabaseQueue().write { db in
        for migration in migrations.prefix(Int(found)) { try db.execute(sql: migration) }
        return try DeclaredSchema(db)
      }
      let differences = try SchemaDifferences(db, against: model)
      if let object = differences.extra.first {
        throw Refusal.foreignSchema("it has \(object.title), which is not this program's")
      }
      if let object = differences.changed.first {
        throw Refusal.foreignSchema(
          "\(object.title) is declared in another way than this program declares it")
      }
      if let object = differences.missing.first {
        throw Refusal.foreignSchema("\(object.title) is missing")
      }
    }
  }

  /// Why a file is left alone.
  enum Refusal: Error, Equatable {
    case noPath
    case otherProgram(applicationID: Int32)
    case tooNew(found: Int32, known: Int32)
    case folder(path: String, errno: CInt)
    /// What is at the path is no file, as a device.
    case notAFile(String)
    /// Its tables are not as this program declares them, or it declares more: what is other, as a clause.
    case foreignSchema(String)
  }

  /// The path, absolute: SQLite gives some names that are not a meaning of their own.
  let path: String
  private let form: Form
  private let thread: DispatchQueue
  private var queue: DatabaseQueue?

  /// Names a file. Touches nothing yet.
  init(path: String, form: Form) {
    let isAbsolute = path.isEmpty || path.hasPrefix("/")
    self.path = isAbsolute ? path : FileManager.default.currentDirectoryPath + "/" + path
    self.form = form
    thread = DispatchQueue(label: form.label)
  }

  /// Runs `body` in one transaction that no other writer runs beside; on an error nothing is changed.
  /// Makes the file, and folders on the way to it, where there are none: for this user only.
  ///
  /// - Throws: ``Refusal``, `DatabaseError`, or what `body` throws.
  func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
    try await onThread { [self] in try transaction(body) }
  }

  /// Runs `body` on what the file holds, or returns nil where there is none.
  ///
  /// - Throws: ``Refusal``, `DatabaseError`, or what `body` throws.
  func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T? {
    try await onThread { [self] () -> T? in
      guard try !isAbsent() else { return nil }
      let queue = try connection()
      let found = try queue.read { try version(of: $0) }
      guard found > 0 else { return nil }
      if found < form.version { try transaction { _ in } }
      return try queue.read { try Cancellation.interrupting($0, body) }
    }
  }

  /// Moves the file away, to its name with `.damaged` at the end, if its head says that it is a file of
  /// this form. All who have it open go on with a new one at their next write.
  ///
  /// - Returns: whether it was moved. A file that may be another program's stays where it is.
  func setAside() async throws -> Bool {
    try await onThread { [self] in
      queue = nil
      guard isOfThisForm else { return false }
      unlink(path + "-journal")
      return rename(path, path + ".damaged") == 0
    }
  }

  /// Whether the file begins as an SQLite file with this form's `application_id`, at byte 68.
  private var isOfThisForm: Bool {
    guard let head = WholeFile.start(of: path, count: 72), head.count == 72,
      head.starts(with: Data("SQLite format 3\0".utf8))
    else { return false }
    let number = head.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return number == UInt32(bitPattern: form.applicationID)
  }

  private func transaction<T>(_ body: (Database) throws -> T) throws -> T {
    guard !path.isEmpty else { throw Refusal.noPath }
    if queue == nil { try makeFile() }
    // GRDB begins write transactions by BEGIN IMMEDIATE.
    return try connection().write { db in
      try Cancellation.interrupting(db) { db in
        let found = try version(of: db)
        if found < form.version { try migrate(from: found, db) }
        return try body(db)
      }
    }
  }

  private func connection() throws -> DatabaseQueue {
    if let queue { return queue }
    var configuration = Configuration()
    configuration.label = form.label
    configuration.busyMode = .callback { [form] tries in
      // SQLite's own waits grow to 100 ms each, though the others are done within a few.
      usleep(2000)
      return tries < form.patience / 2 && (try? Cancellation.check()) != nil
    }
    configuration.prepareDatabase { [form] in
      try $0.execute(sql: "PRAGMA trusted_schema = OFF;" + form.settings)
    }
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.read { [form] in try form.refuseForeignSchema($0) }
    self.queue = queue
    return queue
  }

  /// How many migrations the file has been through: 0 for an empty one.
  private func version(of db: Database) throws -> Int32 {
    let number = { (name: String) in
      try Int32.fetchOne(db.cachedStatement(sql: "PRAGMA \(name)")) ?? 0
    }
    let application = try number("application_id")
    let version = try number("user_version")
    if application == 0, version == 0 {
      let tables = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM sqlite_master")
      if tables == 0 { return 0 }
    }
    guard application == form.applicationID else {
      throw Refusal.otherProgram(applicationID: application)
    }
    guard (1...form.version).contains(version) else {
      throw Refusal.tooNew(found: version, known: form.version)
    }
    return version
  }

  private func migrate(from version: Int32, _ db: Database) throws {
    // Nothing has been written to a new file yet, and its journal takes after it.
    if version == 0 { chmod(path, 0o600) }
    for migration in form.migrations.dropFirst(Int(version)) { try db.execute(sql: migration) }
    try db.execute(
      sql: """
        PRAGMA application_id = \(form.applicationID);
        PRAGMA user_version = \(form.version);
        """)
  }

  private func isAbsent() throws -> Bool {
    guard !path.isEmpty else { throw Refusal.noPath }
    var status = stat()
    guard stat(path, &status) == 0 else { return errno == ENOENT }
    return status.st_size == 0
  }

  /// Makes an empty file for this user only, unless there is one, and refuses all that is no file: as root
  /// SQLite would take a device, and its permissions would be changed.
  private func makeFile() throws {
    try makeFolder(URL(filePath: path).deletingLastPathComponent().path)
    // Only a new file is opened: a process loses its locks on a file when it closes any descriptor of it.
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    if descriptor >= 0 {
      close(descriptor)
      return
    }
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG,
      let obstacle = try FilePlace(path).obstacle
    {
      throw Refusal.notAFile(obstacle)
    }
  }

  private func makeFolder(_ folder: String) throws {
    var status = stat()
    if stat(folder, &status) == 0 { return }
    if errno == ENOENT, folder != "/" {
      try makeFolder(URL(filePath: folder).deletingLastPathComponent().path)
    }
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
      throw Refusal.folder(path: folder, errno: errno)
    }
  }

  /// - Throws: `CancellationError` where the task was cancelled before the work was done: nothing is changed.
  private func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await Cancellation.run(on: thread) { [self] in
      let wasOpen = queue != nil
      do {
        return try body()
      } catch {
        queue = nil
        try Cancellation.check()
        // The file may have been deleted, replaced or mended since it was opened.
        guard wasOpen, let error = error as? DatabaseError, error.resultCode != .SQLITE_BUSY else {
          throw error
        }
        return try body()
      }
    }
  }
}

/// The user's folders for this program, by the XDG Base Directory Specification.
package struct UserFolders: Sendable {
  /// What must not be lost, such as the ledger.
  package let state: String
  /// What can be made again.
  package let cache: String
  /// What was brought in, such as models.
  package let data: String

  /// Finds the folders. A variable that is empty or relative is ignored, as the specification asks.
  /// They are taken from the environment only: a `.env` file has no say in them.
  package init(_ environment: [String: String]) {
    func absolute(_ name: String) -> String? {
      environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil }
    }
    let home = absolute("HOME") ?? NSHomeDirectory()
    func folder(_ name: String, _ ofHome: String) -> String {
      let base = absolute(name) ?? URL(filePath: home).appending(path: ofHome).path
      return URL(filePath: base).appending(path: "vector-store").path
    }
    state = folder("XDG_STATE_HOME", ".local/state")
    cache = folder("XDG_CACHE_HOME", ".cache")
    data = folder("XDG_DATA_HOME", ".local/share")
  }

  /// The user's ledger: one for all stores and programs.
  package var ledger: String { state + "/ledger.db" }

  /// The user's models that run on this machine.
  package var models: String { data + "/models" }
}
