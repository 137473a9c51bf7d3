import Foundation
import GRDB
import TestSupport
import Testing

/// Processes that die, meet, or find no room: the store stays whole.
@Suite struct CrashTests {
  static func writeTexts(_ count: Int, to folder: TemporaryFolder, name: String = "texts") throws {
    for number in 0..<count {
      let text = (0..<30).map { "Sentence \($0) of text \(number) is here to be found. " }.joined()
      try folder.write(text, to: "\(name)/\(number).txt")
    }
  }

  static func integrity(_ path: String) async throws -> [String] {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }
    return try await queue.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
  }

  @Test func killedAnywhereTheStoreOpensWholeAndTheNextRunGoesOn() async throws {
    let store = Command(folder: try TemporaryFolder())
    try Self.writeTexts(600, to: store.folder)
    var random = SeededGenerator(seed: 5)
    for _ in 0..<6 {
      let running = try store.start(["add", "texts", "--mode", "mock"])
      try await Task.sleep(for: .milliseconds(Int.random(in: 5...400, using: &random)))
      running.signal(SIGKILL)
      _ = try await running.outcome()
      guard FileManager.default.fileExists(atPath: store.folder.path("store.db")) else { continue }
      #expect(try await Self.integrity(store.folder.path("store.db")) == ["ok"])
    }
    let last = try await store.run("add", "texts", "--mode", "mock")
    #expect(last.status == 0)
    let listed = try await store.run("list")
    #expect(listed.output.split(separator: "\n").count == 600)
    #expect(try await Self.integrity(store.folder.path("store.db")) == ["ok"])
  }

  @Test func interruptedItStopsCleanlyWith130() async throws {
    let store = Command(folder: try TemporaryFolder())
    try Self.writeTexts(3000, to: store.folder)
    let running = try store.start(["add", "texts", "--mode", "mock"])
    // The store is made after the handler is set; before that the signal is not the command's.
    running.signal(SIGINT, whenExists: store.folder.path("store.db"))
    let outcome = try await running.outcome()
    #expect(outcome.status == 130)
    #expect(outcome.errors.contains("interrupted: what was done before is safe"))
    #expect(outcome.output.isEmpty)
    #expect(try await Self.integrity(store.folder.path("store.db")) == ["ok"])
  }

  @Test func processesMayWriteAtOnce() async throws {
    let store = Command(folder: try TemporaryFolder())
    let writers = 4
    for number in 0..<writers { try Self.writeTexts(60, to: store.folder, name: "texts\(number)") }
    try await withThrowingTaskGroup(of: Command.Outcome.self) { group in
      for number in 0..<writers {
        group.addTask { try await store.run("add", "texts\(number)", "--mode", "mock") }
      }
      for try await outcome in group {
        #expect(outcome.status == 0, "\(outcome.errors)")
      }
    }
    #expect(try await store.run("list").output.split(separator: "\n").count == writers * 60)
    #expect(try await Self.integrity(store.folder.path("store.db")) == ["ok"])
  }

  /// Whether this process may mount and change users, as in a container.
  static let isRoot = geteuid() == 0

  @Test(.enabled(if: isRoot && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")))
  func whatCannotBeWrittenStillAnswers() async throws {
    let store = Command(folder: try TemporaryFolder())
    try store.folder.write("A walrus has tusks.", to: "walrus.txt")
    _ = try await store.run("add", "walrus.txt", "--mode", "mock")
    // A new store is for its user only; this one is shared.
    chmod(store.folder.path("store.db"), 0o644)
    for file in ["-wal", "-shm", "-lock"] {
      try? FileManager.default.removeItem(atPath: store.folder.path("store.db\(file)"))
    }
    try FileManager.default.createDirectory(
      at: store.folder.url.appending(path: "private"), withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    try store.folder.write("secret", to: "private/secret.txt")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: store.folder.url.path)
    var nobody = store
    nobody.launcher = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    let asked = try await nobody.run("query", "tusks", "--mode", "mock")
    #expect(asked.status == 0, "\(asked.errors)")
    #expect(asked.output.contains("walrus.txt"))
    let added = try await nobody.run("add", "--text", "more")
    #expect(added.status == 1)
    #expect(added.errors.contains("queries still work"))
    #expect(FileManager.default.contents(atPath: store.folder.path("store.db-shm")) == nil)

    // A folder that may not be read, for a user who may write elsewhere.
    let other = store.folder.url.appending(path: "theirs")
    try FileManager.default.createDirectory(at: other, withIntermediateDirectories: true)
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: other.path)
    let outcome = try await nobody.run("add", "private", "walrus.txt", "--store", "theirs/s.db")
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("private: permission denied"))
    #expect(outcome.output.hasPrefix("1 document added, 1 failed"))
  }

  /// Whether small disks can be mounted: as root, where the kernel allows it.
  static func canMount() async throws -> Bool {
    guard isRoot else { return false }
    let folder = try TemporaryFolder().url.path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    guard try await system("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) else {
      return false
    }
    return try await system("umount", folder)
  }

  @Test(.enabled("needs root and mounts") { try await canMount() })
  func aFullDiskIsToldAndNothingIsLost() async throws {
    let store = Command(folder: try TemporaryFolder())
    let disk = store.folder.url.appending(path: "disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    try #require(
      try await Self.system("mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk.path))
    do {
      try Self.writeTexts(3, to: store.folder, name: "few")
      try Self.writeTexts(700, to: store.folder, name: "many")
      let first = try await store.run("add", "few", "--mode", "mock", "--store", "disk/s.db")
      #expect(first.status == 0, "\(first.errors)")
      let full = try await store.run("add", "many", "--mode", "mock", "--store", "disk/s.db")
      #expect(full.status == 1)
      #expect(full.errors.contains("no room to write disk/s.db"), "\(full.errors)")
      let asked = try await store.run("query", "sentence", "--store", "disk/s.db", "--mode", "mock")
      #expect(asked.status == 0, "\(asked.errors)")
      #expect(try await Self.integrity(disk.appending(path: "s.db").path) == ["ok"])
    }
    _ = try await Self.system("umount", disk.path)
  }

  static func system(_ program: String, _ arguments: String...) async throws -> Bool {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardError = FileHandle.nullDevice
    let ended = AsyncStream<Void>.makeStream()
    process.terminationHandler = { _ in ended.continuation.finish() }
    try process.run()
    for await _ in ended.stream {}
    return process.terminationStatus == 0
  }
}
