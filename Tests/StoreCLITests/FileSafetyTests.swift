// Files that a command must not write over, files that change under it, and reading where nothing can be
// written.

import Foundation
import GRDB
import TestSupport
import Testing

@Suite struct FileSafetyTests {
  private static func filledStore() async throws -> Command {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    try store.folder.write("{\"id\": \"sky\", \"text\": \"The sky is blue.\"}\n", to: "texts.jsonl")
    _ = try await store.run("import", "texts.jsonl")
    return store
  }

  @Test func noVerbWritesOverWhatItReads() async throws {
    var store = try await Self.filledStore()
    store.environment["STORE_LEDGER"] = store.folder.path("ledger.db")
    try store.folder.write("1 0 sky 2\n", to: "qrels")
    try store.folder.write("1\twhat is blue?\n", to: "queries.tsv")
    try store.folder.write("", to: "ledger.db")
    try FileManager.default.linkItem(
      atPath: store.folder.path("store.db"), toPath: store.folder.path("second"))
    let judged = ["stats", "--qrels", "qrels", "--queries", "queries.tsv", "--html"]
    var lines: [[String]] = [judged + ["qrels"], judged + ["queries.tsv"]]
    for name in [
      "store.db", "store.db-lock", "store.db-wal", "second", "ledger.db", "ledger.db-journal",
    ] {
      lines += [
        ["stats", "--html", name], ["export", name], ["export", "v.npy", "--texts", name],
        ["stats", "--save", "s", "--html", name],
      ]
    }
    lines.append(["export", "store.npy", "--texts", "store.npy"])
    for line in lines {
      let outcome = try await store.run(line)
      #expect(outcome.status == 1, "\(line)")
      #expect(outcome.errors.contains("name another file"), "\(line): \(outcome.errors)")
    }
    #expect(
      try String(contentsOfFile: store.folder.path("qrels"), encoding: .utf8) == "1 0 sky 2\n")
    #expect(!FileManager.default.fileExists(atPath: store.folder.path("v.npy")))
    let asked = try await store.run("query", "blue")
    #expect(asked.status == 0 && asked.output.contains("The sky is blue."))
  }

  @Test func anOutputReplacesNothingButAFile() async throws {
    let store = try await Self.filledStore()
    #expect(mkfifo(store.folder.path("pipe"), 0o600) == 0)
    try FileManager.default.createSymbolicLink(
      atPath: store.folder.path("link"), withDestinationPath: "nowhere")
    for name in ["pipe", "link"] {
      for line in [["stats", "--html", name], ["export", name]] {
        #expect(try await store.run(line).status == 1, "\(line)")
      }
    }
    #expect(!FileManager.default.fileExists(atPath: store.folder.path("nowhere")))
  }

  @Test(arguments: [["mv", "backup.db", "store.db"], ["rm", "store.db"], ["rm", "store.db-wal"]])
  func anImportIntoAFileThatGoesAwayFails(deed: [String]) async throws {
    let store = try await Self.filledStore()
    try FileManager.default.copyItem(
      atPath: store.folder.path("store.db"), toPath: store.folder.path("backup.db"))
    let rows = (0..<30_000).map { "{\"id\": \"\($0)\", \"text\": \"Row number \($0) of many.\"}\n" }
    try store.folder.write(rows.joined(), to: "many.jsonl")
    let running = try store.start(["import", "many.jsonl"])
    // The log is there as soon as the first rows are written.
    let folder = store.folder.url
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      Thread {
        let log = folder.appending(path: "store.db-wal").path
        while (try? FileManager.default.attributesOfItem(atPath: log)[.size] as? Int) ?? 0 < 100_000
        {
          usleep(2000)
        }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = deed
        process.currentDirectoryURL = folder
        done.resume(with: Result { try process.run() })
      }.start()
    }
    let outcome = try await running.outcome()
    #expect(outcome.status == 1, "\(outcome.output)")
    #expect(outcome.output.isEmpty)
    #expect(outcome.errors.contains("was replaced or deleted while"), "\(outcome.errors)")
  }

  // MARK: - Reading where nothing can be written

  private static let canChangeUser =
    CrashTests.isRoot && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")

  /// Another user's store, in a folder that cannot be written, while that user writes.
  @Test(.enabled(if: canChangeUser), arguments: [true, false])
  func aReaderWithoutAccessToTheFolderSeesWholeSnapshots(hasLock: Bool) async throws {
    let store = try await Self.filledStore()
    chmod(store.folder.path("store.db"), 0o644)
    chmod(store.folder.url.path, 0o755)
    _ = try await store.run("add", "--text", "The lock takes after the store.")
    if !hasLock { chmod(store.folder.path("store.db-lock"), 0o600) }
    var nobody = store
    nobody.launcher = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    // Whoever closes last takes the shared memory away, so that it is mostly not there.
    let writer = Task {
      for number in 0..<12 {
        let outcome = try await store.run("add", "--text", "Blue thing number \(number).")
        #expect(outcome.status == 0, "\(outcome.errors)")
        let compacted = try await store.run("compact")
        #expect(compacted.status == 0, "\(compacted.errors)")
      }
    }
    var count = 0
    for _ in 0..<12 {
      let listed = try await nobody.run("list", "--json")
      #expect(listed.status == 0, "\(listed.errors)")
      let documents = try CommandTests.object(listed.output)["documents"] as? [Any]
      #expect((documents?.count ?? 0) >= count)
      count = documents?.count ?? 0
      let asked = try await nobody.run("query", "blue thing")
      #expect(asked.status == 0 && asked.output.lowercased().contains("blue"), "\(asked.errors)")
    }
    try await writer.value
  }

  /// A log that a killed writer left, in a folder that cannot be written.
  @Test(.enabled(if: canChangeUser))
  func aLogIsReadWhereNothingCanBeMadeBesideIt() async throws {
    let store = try await Self.killedStore(in: try TemporaryFolder())
    chmod(store.folder.url.path, 0o755)
    try? FileManager.default.removeItem(atPath: store.folder.path("store.db-shm"))
    for side in ["", "-wal", "-lock"] { chmod(store.folder.path("store.db\(side)"), 0o644) }
    let before = try Data(contentsOf: store.folder.url.appending(path: "store.db-wal"))
    var nobody = store
    nobody.launcher = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    let listed = try await nobody.run("list")
    #expect(listed.status == 0, "\(listed.errors)")
    let count = listed.output.split(separator: "\n").count
    #expect(count == 21)
    #expect(try await nobody.run("query", "blue").output.contains("The sky is blue."))
    #expect(!FileManager.default.fileExists(atPath: store.folder.path("store.db-shm")))
    #expect(try Data(contentsOf: store.folder.url.appending(path: "store.db-wal")) == before)
    #expect(try await store.run("list").output.split(separator: "\n").count == count)
  }

  /// A store whose log is not empty, as after a kill: copied while another program has it open.
  private static func killedStore(in folder: TemporaryFolder) async throws -> Command {
    let live = try await Self.filledStore()
    let queue = try DatabaseQueue(path: live.folder.path("store.db"))
    try await queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
      for number in 0..<20 {
        try db.execute(
          sql: """
            INSERT INTO documents(collection_id, source, origin, format, metadata, added_at, updated_at)
            VALUES (1, ?, 'text', 'text', '{}', '2026-01-01', '2026-01-01')
            """, arguments: ["late \(number)"])
      }
    }
    for side in ["", "-wal", "-lock"] {
      try FileManager.default.copyItem(
        atPath: live.folder.path("store.db\(side)"), toPath: folder.path("store.db\(side)"))
    }
    try queue.close()
    return Command(folder: folder, environment: live.environment.filter { $0.key != "HOME" })
  }

  @Test(
    .enabled("needs root and mounts") { try await CrashTests.canMount() },
    arguments: [false, true])
  func aFullDiskIsRead(isKilled: Bool) async throws {
    let store = Command(folder: try TemporaryFolder(), environment: ["SERVICE_MODE": "MOCK"])
    let disk = store.folder.url.appending(path: "disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    try #require(
      try await CrashTests.system("mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", disk.path))
    do {
      let made =
        isKilled
        ? try await Self.killedStore(in: try TemporaryFolder()) : try await Self.filledStore()
      for side in ["", "-wal", "-lock"] {
        try? FileManager.default.copyItem(
          atPath: made.folder.path("store.db\(side)"), toPath: disk.path + "/s.db\(side)")
      }
      let expected = try await made.run("list").output
      // To the last byte.
      let filler = open(disk.path + "/filler", O_WRONLY | O_CREAT, 0o600)
      for size in [1 << 16, 1] {
        let bytes = [UInt8](repeating: 1, count: size)
        while write(filler, bytes, size) > 0 {}
      }
      close(filler)
      for line in [
        ["list"], ["query", "blue"], ["query", "blue", "--lexical"], ["export", "-"], ["doctor"],
      ] {
        let outcome = try await store.run(line + ["--store", "disk/s.db"])
        #expect(outcome.status == 0, "\(line): \(outcome.errors) \(outcome.output)")
        if line == ["list"] { #expect(outcome.output == expected) }
      }
      // A store that cannot be made leaves nothing.
      let new = try await store.run("add", "--text", "x", "--store", "disk/new.db")
      #expect(new.status == 1)
      let names = try FileManager.default.contentsOfDirectory(atPath: disk.path)
      #expect(!names.contains { $0.hasPrefix("new.db") && $0 != "new.db-lock" }, "\(names)")
    }
    _ = try await CrashTests.system("umount", disk.path)
  }
}
